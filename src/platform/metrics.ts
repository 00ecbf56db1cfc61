import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What operators watch, in Prometheus' text format. One registry per process; made, not global, so that tests have their own. */
export type Metrics = {
  count(name: CounterName, labels: Readonly<Record<string, string>>): void
  observeRequest(
    labels: { readonly method: string; readonly route: string; readonly status: string },
    seconds: number,
  ): void
  /** The page that Prometheus reads, with its content type. */
  page(): Promise<{ readonly type: string; readonly text: string }>
}

const COUNTERS = {
  messages: { help: 'Messages from PSPs and returning payers', labels: ['channel', 'carrier', 'verdict'] },
  attempts: { help: 'Attempts begun', labels: ['channel'] },
  calls: { help: 'Calls to PSPs by outcome', labels: ['channel', 'purpose', 'outcome'] },
  payments: { help: 'Payments that reached a status', labels: ['status'] },
} as const
export type CounterName = keyof typeof COUNTERS

/** From a page served out of memory to a slow PSP that is called in between. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export const openMetrics = (): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'ebizness_' })
  const make = (name: CounterName) =>
    new Counter({
      name: `ebizness_${name}_total`,
      help: COUNTERS[name].help,
      labelNames: [...COUNTERS[name].labels],
      registers: [registry],
    })
  const counters: Readonly<Record<CounterName, Counter>> = {
    messages: make('messages'),
    attempts: make('attempts'),
    calls: make('calls'),
    payments: make('payments'),
  }
  const requests = new Histogram({
    name: 'ebizness_http_request_seconds',
    help: 'Requests to the hub by route',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  })
  return {
    count: (name, labels) => counters[name].inc(labels),
    observeRequest: (labels, seconds) => requests.observe(labels, seconds),
    page: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  }
}
