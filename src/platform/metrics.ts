import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Clock, SECOND_MS } from '../kernel/time.ts'

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

const GAUGES = {
  jobs_due: { help: 'Jobs due, running or waiting to run, by kind; counted to 10000', labels: ['kind'] },
  jobs_oldest_due_seconds: { help: 'How long the oldest due job is due, by kind', labels: ['kind'] },
  notices: {
    help: 'Notices waiting to be acknowledged, or given up after 30 days; counted to 10000',
    labels: ['state'],
  },
} as const

/** One value of what waits in the database. */
export type Measure = {
  readonly name: keyof typeof GAUGES
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** However often and by however many the page is read, the database is asked no more often than this. */
const ASK_AGAIN_MS = 10 * SECOND_MS

/**
 * The gauges of what waits. While the database cannot tell they are absent: a stale figure would look like a healthy one, and the page
 * must be readable just then.
 */
const openBacklog = (registry: Registry, clock: Clock, measure: () => Promise<readonly Measure[]>) => {
  const make = (name: keyof typeof GAUGES) =>
    new Gauge({
      name: `ebizness_${name}`,
      help: GAUGES[name].help,
      labelNames: [...GAUGES[name].labels],
      registers: [registry],
    })
  const gauges: Readonly<Record<keyof typeof GAUGES, Gauge>> = {
    jobs_due: make('jobs_due'),
    jobs_oldest_due_seconds: make('jobs_oldest_due_seconds'),
    notices: make('notices'),
  }
  const ask = async (): Promise<void> => {
    const measures = await measure().catch(() => [])
    for (const gauge of Object.values(gauges)) gauge.reset()
    for (const { name, labels, value } of measures) gauges[name].set(labels, value)
  }
  let asked: { readonly at: number; readonly done: Promise<void> } | undefined
  return (): Promise<void> => {
    const now = clock.now()
    if (!asked || now - asked.at >= ASK_AGAIN_MS) asked = { at: now, done: ask() }
    return asked.done
  }
}

/** `measure` reads what waits in the database; it may fail. */
export const openMetrics = (clock: Clock, measure: () => Promise<readonly Measure[]>): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'ebizness_' })
  const refresh = openBacklog(registry, clock, measure)
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
    page: async () => {
      await refresh()
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}
