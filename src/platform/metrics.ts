import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Clock, SECOND_MS } from '../kernel/time.ts'
import type { Usage } from './db/db.ts'
import { BACKLOG, COUNTERS, GAUGES, HISTOGRAMS } from './metrics-table.ts'

/** What operators watch, in Prometheus' text format. One registry per process; made, not global, so that tests have their own. */
export type Metrics = Meters & {
  /** Shows 0 before it first happens: Prometheus sees no increase in what begins with 1. */
  foresee: Meters['count']
  /** The page that Prometheus reads, with its content type. */
  page(): Promise<{ readonly type: string; readonly text: string }>
}

/** Where things are counted and timed as they happen. Never throws, never waits. */
export type Meters = {
  count<Name extends keyof typeof COUNTERS>(name: Name, labels: LabelsOf<(typeof COUNTERS)[Name]>): void
  observe<Name extends keyof typeof HISTOGRAMS>(
    name: Name,
    labels: LabelsOf<(typeof HISTOGRAMS)[Name]>,
    seconds: number,
  ): void
}

type LabelsOf<Row extends { readonly labels: readonly string[] }> = Readonly<Record<Row['labels'][number], string>>

/** For tests and libraries: counts nothing. */
export const noMeters: Meters = { count: () => {}, observe: () => {} }

/** One value of what waits in the database. */
export type Measure = {
  readonly name: keyof typeof BACKLOG
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type MetricsParts = {
  readonly clock: Clock
  readonly build: LabelsOf<typeof GAUGES.build_info>
  /** Connections to the database now. */
  readonly usage: () => Usage
  /** Reads what waits in the database; may fail. */
  readonly measure: () => Promise<readonly Measure[]>
  /** Told why it failed. */
  readonly warn: (fault: unknown) => void
}

export const openMetrics = ({ clock, build, usage, measure, warn }: MetricsParts): Metrics => {
  const registry = new Registry()
  // They hold on to the process, closed or not: gathered from the first reading on, so that a hub nobody watches leaves nothing behind.
  let ofProcess = false
  const of = (name: string, { help, labels }: Row) => ({
    name: `${PREFIX}${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  const counters = each(COUNTERS, (name, row) => new Counter(of(`${name}_total`, row)))
  const histograms = each(HISTOGRAMS, (name, row) => new Histogram({ ...of(name, row), buckets: [...row.buckets] }))
  const gauges = each({ ...GAUGES, ...BACKLOG }, (name, row) => new Gauge(of(name, row)))
  const set: Set = (name, labels, value) => gauges.get(name)?.set(labels, value)
  set('build_info', build, 1)
  const refresh = openBacklog(
    { clock, measure, warn },
    {
      forget: () => {
        for (const name of Object.keys(BACKLOG)) gauges.get(name)?.reset()
      },
      set,
    },
  )
  return {
    count: (name, labels) => counters.get(name)?.inc(labels),
    foresee: (name, labels) => counters.get(name)?.inc(labels, 0),
    observe: (name, labels, seconds) => histograms.get(name)?.observe(labels, seconds),
    page: async () => {
      if (!ofProcess) collectDefaultMetrics({ register: registry, prefix: PREFIX })
      ofProcess = true
      await refresh()
      const { used, idle, waiting, most } = usage()
      set('database_connections', { state: 'used' }, used)
      set('database_connections', { state: 'idle' }, idle)
      set('database_connections_limit', {}, most)
      set('database_callers_waiting', {}, waiting)
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

const PREFIX = 'ebizness_'

type Row = { readonly help: string; readonly labels: readonly string[] }
type Set = (
  name: keyof typeof GAUGES | keyof typeof BACKLOG,
  labels: Readonly<Record<string, string>>,
  value: number,
) => void

/** A metric for each row of a table. */
const each = <Of, Metric>(
  table: Readonly<Record<string, Of>>,
  make: (name: string, row: Of) => Metric,
): ReadonlyMap<string, Metric> => new Map(Object.entries(table).map(([name, row]) => [name, make(name, row)]))

/** However often and by however many the page is read, the database is asked no more often than this. */
const ASK_AGAIN_MS = 10 * SECOND_MS

/**
 * The gauges of what waits. While the database cannot tell they are absent: a stale figure would look like a healthy one, and the page
 * must be readable just then.
 */
const openBacklog = (
  { clock, measure, warn }: Pick<MetricsParts, 'clock' | 'measure' | 'warn'>,
  gauges: { readonly forget: () => void; readonly set: Set },
) => {
  const ask = async (): Promise<void> => {
    const measures = await measure().catch((fault: unknown) => {
      warn(fault)
      return undefined
    })
    gauges.forget()
    gauges.set('database_up', {}, measures ? 1 : 0)
    for (const { name, labels, value } of measures ?? []) gauges.set(name, labels, value)
  }
  let asked: { readonly at: number; readonly done: Promise<void> } | undefined
  return (): Promise<void> => {
    const now = clock.now()
    if (!asked || now - asked.at >= ASK_AGAIN_MS) asked = { at: now, done: ask() }
    return asked.done
  }
}
