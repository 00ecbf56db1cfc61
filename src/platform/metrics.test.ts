import { describe, expect, it } from 'vitest'
import { parseInstant } from '../kernel/time.ts'
import { type Measure, openMetrics } from './metrics.ts'
import { BACKLOG, COUNTERS, GAUGES, HISTOGRAMS } from './metrics-table.ts'

const WAITING: Measure = { name: 'notices', labels: { state: 'waiting' }, value: 3 }

/** A registry whose database answers in turn, and a clock of its own. */
const watched = (answers: readonly (readonly Measure[] | Error)[]) => {
  let now = parseInstant('2026-11-23T08:00:00Z')
  let asked = 0
  const warnings: unknown[] = []
  const metrics = openMetrics({
    clock: { now: () => now ?? 0 },
    build: { version: '9.9.9', node: 'v0', mode: 'test' },
    usage: () => ({ used: 3, idle: 1, waiting: 2, most: 4 }),
    measure: async () => {
      const answer = answers[asked++]
      if (answer instanceof Error) throw answer
      return answer ?? []
    },
    warn: (fault) => warnings.push(fault),
  })
  return {
    asked: () => asked,
    pass: (ms: number) => {
      now = (now ?? 0) + ms
    },
    metrics,
    warnings,
    told: async (of = 'ebizness_notices{') =>
      (await metrics.page()).text.split('\n').filter((line) => line.startsWith(of)),
  }
}

describe('what waits in the database', () => {
  it('is asked for once in ten seconds, by however many at once', async () => {
    const hub = watched([[WAITING], [{ ...WAITING, value: 4 }]])
    const line = 'ebizness_notices{state="waiting"}'
    expect(await Promise.all([hub.told(), hub.told()])).toEqual([[`${line} 3`], [`${line} 3`]])
    hub.pass(9_999)
    expect(await hub.told()).toEqual([`${line} 3`])
    expect(hub.asked()).toBe(1)
    hub.pass(1)
    expect(await hub.told()).toEqual([`${line} 4`])
  })

  it('is absent while the database is away, and the rest of the page is there', async () => {
    const hub = watched([[WAITING], new Error('away'), [WAITING]])
    expect(await hub.told('ebizness_database_up')).toEqual(['ebizness_database_up 1'])
    hub.pass(10_000)
    expect(await hub.told()).toEqual([])
    expect(await hub.told('ebizness_database_up')).toEqual(['ebizness_database_up 0'])
    expect(hub.warnings).toEqual([new Error('away')])
    expect(await hub.told('ebizness_database_connections')).toHaveLength(3)
    hub.pass(10_000)
    expect(await hub.told()).toHaveLength(1)
  })
})

describe('what this process knows of itself', () => {
  it('is told at every reading', async () => {
    const hub = watched([])
    expect(await hub.told('ebizness_build_info')).toEqual([
      'ebizness_build_info{version="9.9.9",node="v0",mode="test"} 1',
    ])
    expect(await hub.told('ebizness_database_')).toEqual([
      'ebizness_database_up 1',
      'ebizness_database_connections{state="used"} 3',
      'ebizness_database_connections{state="idle"} 1',
      'ebizness_database_connections_limit 4',
      'ebizness_database_callers_waiting 2',
    ])
  })

  it('counts and times by the labels of the table', async () => {
    const hub = watched([])
    hub.metrics.count('notice_sendings', { verdict: 'again' })
    hub.metrics.count('notice_sendings', { verdict: 'again' })
    hub.metrics.observe('notice_delay_seconds', {}, 0.3)
    expect(await hub.told('ebizness_notice_sendings')).toEqual(['ebizness_notice_sendings_total{verdict="again"} 2'])
    expect(await hub.told('ebizness_notice_delay_seconds_bucket{le="0.25"}')).toEqual([
      'ebizness_notice_delay_seconds_bucket{le="0.25"} 0',
    ])
    expect(await hub.told('ebizness_notice_delay_seconds_bucket{le="0.5"}')).toEqual([
      'ebizness_notice_delay_seconds_bucket{le="0.5"} 1',
    ])
  })
})

describe('the table of what is measured', () => {
  const rows = Object.entries({ ...COUNTERS, ...HISTOGRAMS, ...BACKLOG, ...GAUGES })

  it('names each thing once, with its unit last, and says what it is', () => {
    const tables = [COUNTERS, HISTOGRAMS, BACKLOG, GAUGES].map((table) => Object.keys(table).length)
    expect(rows).toHaveLength(tables.reduce((sum, count) => sum + count))
    for (const [name, { help }] of rows) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(help).toMatch(/^[A-Z].* .*[^.]$/)
    }
    for (const name of Object.keys(HISTOGRAMS)) expect(name).toMatch(/_seconds$/)
    // A counter's ending is added when it is made.
    for (const name of Object.keys(COUNTERS)) expect(name).not.toMatch(/total/)
  })

  it('has no label that a stranger or a payment could fill with ever new values', () => {
    const bounded = ['carrier', 'channel', 'finding', 'flag', 'kind', 'method', 'mode', 'node', 'origin', 'outcome']
    bounded.push('purpose', 'result', 'route', 'state', 'status', 'verdict', 'version')
    for (const [, { labels }] of rows) for (const label of labels) expect(bounded).toContain(label)
  })
})
