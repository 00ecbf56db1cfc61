import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { openMetrics } from '../src/platform/metrics.ts'
import { BACKLOG, COUNTERS, GAUGES, HISTOGRAMS } from '../src/platform/metrics-table.ts'

/** The dashboard and the alert rules name what the hub tells, and nothing else. */

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../docs/operating', name), 'utf8')

/** Every name on the page with its labels; Node's own have none that a query of ours uses. */
const shown = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
  const metrics = openMetrics({
    clock: { now: () => 0 },
    build: { version: '1', node: '1', mode: 'test' },
    usage: () => ({ used: 0, idle: 0, waiting: 0, most: 1 }),
    measure: async () => [],
    warn: () => {},
  })
  const page = (await metrics.page()).text
  const types = [...page.matchAll(/^# TYPE ebizness_(\w+) (\w+)/gm)]
  return new Map(
    types.flatMap(([, name = '', type]) => {
      const own: Readonly<Record<string, { readonly labels: readonly string[] }>> = {
        ...COUNTERS,
        ...HISTOGRAMS,
        ...BACKLOG,
        ...GAUGES,
      }
      const labels = own[name.replace(/_total$/, '')]?.labels ?? []
      const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
      return names.map((one): [string, readonly string[]] => [one, type === 'histogram' ? [...labels, 'le'] : labels])
    }),
  )
}

/** What Prometheus adds to everything it reads. */
const ADDED = ['instance', 'job']

const Panel = z.object({
  id: z.number().int().positive(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(3),
  description: z.string().min(5).optional(),
  gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
  targets: z
    .array(
      z.object({
        refId: z.string(),
        expr: z.string(),
        legendFormat: z.string(),
        datasource: z.object({ uid: z.literal('$' + '{datasource}') }),
      }),
    )
    .optional(),
})
const Dashboard = z.object({
  uid: z.literal('ebizness-cma'),
  title: z.string(),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  panels: z.array(Panel),
})
const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Ebizness[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[mh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(20) }),
        }),
      ),
    }),
  ),
})

const dashboard = Dashboard.parse(JSON.parse(read('grafana-cma.json')))
const rules = Rules.parse(parse(read('alerts.yaml'))).groups.flatMap((group) => group.rules)
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr }))),
  ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
]

/** Names of metrics in a query, each with the labels it is asked by. */
const askedBy = (expr: string): readonly (readonly [name: string, labels: readonly string[]])[] =>
  [...expr.matchAll(/\bebizness_(\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', filter = '']) => [
    name,
    [...filter.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  ])

describe('dashboard and alert rules', () => {
  it.each(queries)('$of asks for what the hub tells, by labels that it has', async ({ expr }) => {
    const known = await shown()
    const asked = askedBy(expr)
    expect(asked.length).toBeGreaterThan(0)
    for (const [name, labels] of asked) {
      expect([...known.keys()]).toContain(name)
      expect([...(known.get(name) ?? []), ...ADDED]).toEqual(expect.arrayContaining([...labels]))
    }
    const grouped = [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))
    const all = asked.flatMap(([name]) => known.get(name) ?? [])
    expect([...all, ...ADDED]).toEqual(expect.arrayContaining(grouped))
    for (const [open, close] of ['()', '[]', '{}']) {
      expect(expr.split(open ?? '').length, 'brackets').toBe(expr.split(close ?? '').length)
    }
  })

  it('show every metric of the hub’s own somewhere', () => {
    const asked = new Set(
      queries.flatMap(({ expr }) => askedBy(expr)).map(([name]) => name.replace(/_(total|bucket|sum|count)$/, '')),
    )
    const own = [COUNTERS, HISTOGRAMS, BACKLOG, GAUGES].flatMap((table) => Object.keys(table))
    expect(own.filter((name) => !asked.has(name))).toEqual([])
  })
})

describe('the dashboard', () => {
  const inUse = dashboard.panels.filter(({ type }) => type !== 'row')

  it('has panels with a number, a place of their own and a sentence each', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, description } of inUse) expect(description, title).toBeDefined()
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) => {
      expect(x + w).toBeLessThanOrEqual(24)
      return Array.from({ length: h * w }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
  })

  it('asks whichever Prometheus is chosen, and explains its variables', () => {
    const names = dashboard.templating.list.map(({ name }) => name)
    const used = [...read('grafana-cma.json').matchAll(/\$\{?([a-z]\w*)\}?/g)].map(([, name]) => name)
    expect(names).toEqual(expect.arrayContaining([...new Set(used)].filter((name) => !/^__/.test(name ?? ''))))
  })
})

it('alert rules have names of their own', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  expect(rules.length).toBeGreaterThan(10)
})
