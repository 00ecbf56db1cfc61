import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { type Instant, MINUTE_MS } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'
import { PAYMENT_STATUSES, type PaymentStatus } from '../facts.ts'
import { type ListFilter, listPayments } from './lists.ts'

const START = 1_800_000_000_000
const MERCHANTS = ['eglupe', 'liepkalni'] as const
const SERVICES = ['meals', 'taxes'] as const
const REFERENCES = ['A', 'B', 'C']
/** Few moments for many payments: some fall together, and only the id parts them. */
const MOMENTS = 12

type Row = {
  readonly id: string
  readonly merchant: string
  readonly eService: string
  readonly reference: string
  readonly status: PaymentStatus
  readonly createdAt: Instant
}

let fresh: FreshDatabase
let rows: readonly Row[] = []
beforeAll(async () => {
  fresh = await freshDatabase()
  for (let n = 0; n < 240; n++) await add((n * 7919) % MOMENTS, n)
})
afterAll(() => fresh.drop())

const pick = <One>(from: readonly One[], n: number, orElse: One): One => from[n % from.length] ?? orElse

const INSERT = statement(
  't.insert',
  `insert into payments.payment (merchant, id, e_service, mode, reference, amount_minor, currency, pay_token, details, status,
     holds_reference, created_at, changed_at) values ($1, $2, $3, 'test', $4, 1, 'EUR', $2, '{}', $5, false, $6, $6)`,
)
/** A payment of some merchant, reference and status, made at that minute. */
const add = async (minute: number, n: number): Promise<void> => {
  const row: Row = {
    id: `pay_${String((n * 104_729) % 1_000_003).padStart(26, '0')}`,
    merchant: pick(MERCHANTS, n, 'eglupe'),
    eService: pick(SERVICES, n >> 1, 'meals'),
    reference: pick(REFERENCES, n >> 2, 'A'),
    status: pick(PAYMENT_STATUSES, Math.floor(n / 5), 'open'),
    createdAt: START + minute * MINUTE_MS,
  }
  await fresh.db.query(INSERT, [row.merchant, row.id, row.eService, row.reference, row.status, at(row.createdAt)])
  rows = [...rows, row]
}

type Wanted = Omit<ListFilter, 'before' | 'limit'>

/** The same, said plainly. */
const plainly = (merchant: string, eService: string, wanted: Wanted): readonly string[] =>
  rows
    .filter((row) => row.merchant === merchant && row.eService === eService)
    .filter((row) => wanted.reference === undefined || row.reference === wanted.reference)
    .filter((row) => wanted.status === undefined || row.status === wanted.status)
    .filter((row) => wanted.from === undefined || row.createdAt >= wanted.from)
    .filter((row) => wanted.to === undefined || row.createdAt < wanted.to)
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id)

const moment = fc.integer({ min: -1, max: MOMENTS + 1 }).map((minute) => START + minute * MINUTE_MS)
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const wanted: fc.Arbitrary<Wanted> = fc.record({
  reference: maybe(fc.constantFrom(...REFERENCES, 'NONE')),
  status: maybe(fc.constantFrom(...PAYMENT_STATUSES)),
  from: maybe(moment),
  to: maybe(moment),
})

describe('a list of payments', () => {
  it('is what a plain filter says, page by page, while payments are added', async () => {
    let added = 1_000
    let now = MOMENTS + 2
    const place = fc.tuple(fc.constantFrom(...MERCHANTS), fc.constantFrom(...SERVICES))
    await fc.assert(
      fc.asyncProperty(place, wanted, fc.integer({ min: 1, max: 9 }), async ([merchant, eService], filter, limit) => {
        const expected = plainly(merchant, eService, filter)
        const seen: string[] = []
        for (let before: ListFilter['before']; ; ) {
          const page = await listPayments(fresh.db, merchant, eService, { ...filter, before, limit })
          seen.push(...page.map(({ row }) => row.id))
          const last = page.at(-1)?.row
          if (page.length < limit || !last) break
          before = { createdAt: last.createdAt, id: last.id }
          await add(now++, added++)
        }
        expect(seen).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })
})

describe('among many payments', () => {
  const MANY = 30_000
  const REFUSED = [100, 20_000]

  beforeAll(async () => {
    const many = `insert into payments.payment (merchant, id, e_service, mode, reference, amount_minor, currency, pay_token, details, status,
        holds_reference, created_at, changed_at)
      select 'big', 'pay_' || n, 'taxes', 'test', 'R' || n, 1, 'EUR', 'big' || n, '{}',
        case when n = any($1) then 'refused' else 'executed' end, true, $2::timestamptz + n * interval '1 second', $2
      from generate_series(1, ${MANY}) as n`
    await fresh.db.query(statement('t.many', many), [REFUSED, at(START)])
    await fresh.db.query(statement('t.analyze', 'analyze payments.payment'))
  })

  const literal = (value: unknown): string => {
    if (value === null) return 'null'
    return typeof value === 'number' ? String(value) : pg.escapeLiteral(String(value))
  }

  /** Rows that PostgreSQL looked at and threw away, with the plan it keeps for all values. */
  const thrownAway = async (filter: Omit<ListFilter, 'limit'>): Promise<number> => {
    const asked: { readonly text: string; readonly values: readonly unknown[] }[] = []
    const listening: Queryable = {
      query: (one, values = []) => {
        asked.push({ text: one.text, values })
        return fresh.db.query(one, values)
      },
    }
    await listPayments(listening, 'big', 'taxes', { ...filter, limit: 21 })
    const [list] = asked
    const client = new pg.Client({ connectionString: fresh.url })
    await client.connect()
    try {
      await client.query('set plan_cache_mode = force_generic_plan')
      await client.query(`prepare list as ${list?.text}`)
      const { rows: plan } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (analyze, costs off, timing off) execute list(${list?.values.map(literal).join(', ')})`,
      )
      const removed = plan.map((line) => Number(/Rows Removed by Filter: (\d+)/.exec(line['QUERY PLAN'])?.[1] ?? 0))
      return removed.reduce((sum, many) => sum + many, 0)
    } finally {
      await client.end()
    }
  }

  const early = START + 60_000
  it.each<readonly [string, Omit<ListFilter, 'limit'>]>([
    ['of a rare status', { status: 'refused' }],
    ['of a status that none has', { status: 'accepted' }],
    ['of a common status', { status: 'executed' }],
    ['of a time long ago', { to: early }],
    ['of a page far down', { before: { createdAt: early, id: 'pay_60' } }],
    [
      'of a time long ago and a page far down',
      { to: START + MANY * 1_000, before: { createdAt: early, id: 'pay_60' } },
    ],
    ['of a reference', { reference: 'R7' }],
  ])('a list %s looks at nothing that it does not show', async (_which, filter) => {
    expect(await thrownAway(filter)).toBeLessThanOrEqual(1)
  })
})
