import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { type Instant, parseInstant, SECOND_MS } from '../../kernel/time.ts'
import { statement } from '../db/db.ts'
import { silentLog } from '../log.ts'
import type { JobHandler } from './jobs.ts'
import { createJobs } from './queue.ts'
import { claimJobs, finishJobs } from './store.ts'
import { createWorker, delayAfter, type Outcome } from './worker.ts'

const START = parseInstant('2026-11-23T08:00:00Z') ?? 0

let fresh: FreshDatabase
let now: Instant
const clock = { now: () => now }

beforeAll(async () => {
  fresh = await freshDatabase()
})
beforeEach(async () => {
  now = START
  await fresh.db.query(statement('t.empty', 'delete from platform.job'))
})
afterAll(async () => fresh.drop())

const ROWS = statement<{ key: string; inMs: number; tries: number; payload: unknown; held: boolean }>(
  't.rows',
  `select key, (extract(epoch from run_at - $1) * 1000)::int as "inMs", tries, payload, fence is not null as held
   from platform.job order by key`,
)
const rows = () => fresh.db.query(ROWS, ['2026-11-23T08:00:00Z'])
const jobsOf = () => createJobs({ db: fresh.db, clock })
const workerOf = (count?: (kind: string, outcome: Outcome) => void) =>
  createWorker({ db: fresh.db, clock, log: silentLog, ...(count ? { count } : {}) })
const set = (key: string, inMs: number, payload?: unknown) =>
  fresh.db.tx((tx) => jobsOf().set(tx, [{ kind: 'ask', key, runAt: START + inMs, payload }]))
const handler = (run: JobHandler['run'], more: Partial<JobHandler> = {}): JobHandler => ({
  kind: 'ask',
  atOnce: 4,
  leaseMs: 30 * SECOND_MS,
  run,
  ...more,
})

/** Something another party lets happen. */
const gate = <Value = void>() => {
  let open: (value: Value) => void = () => {}
  const passed = new Promise<Value>((resolve) => {
    open = resolve
  })
  return { open: (value: Value) => open(value), passed }
}

describe('setting', () => {
  it('keeps one row per kind and key, with the newest time and payload', async () => {
    await set('a', 60_000, { first: true })
    await set('a', 1_000, { second: true })
    expect(await rows()).toEqual([{ key: 'a', inMs: 1_000, tries: 0, payload: { second: true }, held: false }])
  })

  it('takes several at once, and of one key named twice the last', async () => {
    await fresh.db.tx((tx) =>
      jobsOf().set(tx, [
        { kind: 'ask', key: 'b', runAt: START },
        { kind: 'ask', key: 'a', runAt: START, payload: ['x', null] },
        { kind: 'ask', key: 'b', runAt: START + 5 },
      ]),
    )
    expect((await rows()).map(({ key, inMs, payload }) => [key, inMs, payload])).toEqual([
      ['a', 0, ['x', null]],
      ['b', 5, null],
    ])
  })

  it('is undone with the transaction it belongs to', async () => {
    await fresh.db
      .tx(async (tx) => {
        await jobsOf().set(tx, [{ kind: 'ask', key: 'a', runAt: START }])
        throw new Error('refused')
      })
      .catch(() => {})
    expect(await rows()).toEqual([])
  })

  it('is taken back by removing', async () => {
    await set('a', 0)
    await fresh.db.tx((tx) => jobsOf().remove(tx, 'ask', 'a'))
    expect(await rows()).toEqual([])
  })
})

describe('draining', () => {
  it('runs what is due, earliest first, and nothing else', async () => {
    await set('later', 2_000)
    await set('second', -1)
    await set('first', -2)
    const ran: string[] = []
    const count = await workerOf().drain([
      handler(async ({ key }) => {
        ran.push(key)
        return undefined
      }),
    ])
    expect(ran).toEqual(['first', 'second'])
    expect(count).toBe(2)
    expect((await rows()).map(({ key }) => key)).toEqual(['later'])
  })

  it('runs again at the time a run names, when the clock has come there', async () => {
    await set('a', 0, { n: 1 })
    const ran: Instant[] = []
    const ask = handler(async (_job, at) => {
      ran.push(at - START)
      return ran.length < 3 ? at + 10_000 : undefined
    })
    for (const inMs of [0, 9_999, 10_000, 20_000, 90_000]) {
      now = START + inMs
      await workerOf().drain([ask])
    }
    expect(ran).toEqual([0, 10_000, 20_000])
    expect(await rows()).toEqual([])
  })

  it('runs what runs set, until nothing is due', async () => {
    await set('a', 0)
    const ran: string[] = []
    await workerOf().drain([
      handler(async ({ key }) => {
        ran.push(key)
        if (key.length < 4) await set(`${key}a`, 0)
        return undefined
      }),
    ])
    expect(ran).toEqual(['a', 'aa', 'aaa', 'aaaa'])
  })

  it('leaves kinds it has no handler for', async () => {
    await set('a', 0)
    expect(await workerOf().drain([handler(async () => undefined, { kind: 'other' })])).toBe(0)
  })
})

describe('a job that fails', () => {
  it('is run again with growing delay, and tells how often it failed', async () => {
    await set('a', 0)
    const tries: number[] = []
    const failing = handler(async (job) => {
      tries.push(job.tries)
      throw new Error('no answer')
    })
    const outcomes: string[] = []
    const worker = workerOf((kind, outcome) => outcomes.push(`${kind} ${outcome}`))
    const waits: number[] = []
    for (let run = 0; run < 4; run++) {
      await worker.drain([failing])
      const [row] = await rows()
      waits.push(START + (row?.inMs ?? 0) - now)
      now = START + (row?.inMs ?? 0)
    }
    expect(tries).toEqual([0, 1, 2, 3])
    expect(outcomes).toEqual(Array(4).fill('ask fault'))
    for (const [run, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(1_000 * 2 ** run)
      expect(wait).toBeLessThanOrEqual(1_100 * 2 ** run)
    }
  })

  it('waits five minutes at most, and a tenth', () => {
    for (const tries of [9, 50, 5_000]) {
      expect(delayAfter(tries)).toBeGreaterThanOrEqual(300_000)
      expect(delayAfter(tries)).toBeLessThanOrEqual(330_000)
    }
  })

  it('begins counting anew once it went well', async () => {
    await set('a', 0)
    const tries: number[] = []
    let run = 0
    const worker = workerOf()
    const sometimes = handler(async (job, at) => {
      tries.push(job.tries)
      if (++run === 2) return at + 1
      throw new Error('no answer')
    })
    for (let turn = 0; turn < 4; turn++) {
      await worker.drain([sometimes])
      now += 10 * SECOND_MS
    }
    expect(tries).toEqual([0, 1, 0, 1])
  })
})

describe('a job that was set again while it ran', () => {
  it.each([
    ['is done', undefined],
    ['wants to run later', START + 900_000],
  ])('keeps the newer time and payload when the run %s', async (_name, next) => {
    await set('a', 0, { old: true })
    await workerOf().drain([
      handler(async () => {
        await set('a', 5_000, { old: false })
        return next
      }),
    ])
    expect(await rows()).toEqual([{ key: 'a', inMs: 5_000, tries: 0, payload: { old: false }, held: false }])
  })

  it('keeps the newer time when the run fails', async () => {
    await set('a', 0)
    await workerOf().drain([
      handler(async () => {
        await set('a', 5_000)
        throw new Error('no answer')
      }),
    ])
    expect(await rows()).toMatchObject([{ inMs: 5_000, tries: 0 }])
  })

  it('does not run twice at the same time', async () => {
    await set('a', 0)
    await claimJobs(fresh.db, [{ kind: 'ask', limit: 5, leaseMs: 1_000 }], now, 1)
    await set('a', 0)
    expect(await claimJobs(fresh.db, [{ kind: 'ask', limit: 5, leaseMs: 1_000 }], now, 2)).toEqual([])
  })

  it('that was removed instead stays away', async () => {
    await set('a', 0)
    await workerOf().drain([
      handler(async (_job, at) => {
        await fresh.db.tx((tx) => jobsOf().remove(tx, 'ask', 'a'))
        return at + 1_000
      }),
    ])
    expect(await rows()).toEqual([])
  })
})

describe('a lease', () => {
  const claim = (fence: number) => claimJobs(fresh.db, [{ kind: 'ask', limit: 9, leaseMs: 10_000 }], now, fence)

  it('keeps others away until it ends, also when its holder is dead', async () => {
    await set('a', 0)
    expect(await claim(1)).toHaveLength(1)
    now += 9_999
    expect(await claim(2)).toEqual([])
    now += 1
    expect(await claim(2)).toMatchObject([{ key: 'a', tries: 1 }])
  })

  it('that was overtaken lets its former holder write nothing', async () => {
    await set('a', 0)
    const [old] = await claim(1)
    now += 10_000
    const [young] = await claim(2)
    if (!old || !young) throw new Error('claimed')
    expect(await finishJobs(fresh.db, [{ ...old, next: undefined }])).toHaveLength(1)
    expect(await finishJobs(fresh.db, [{ ...old, next: now + 99 }])).toHaveLength(1)
    expect(await rows()).toMatchObject([{ inMs: 0, held: true }])
    expect(await finishJobs(fresh.db, [{ ...young, next: undefined }])).toEqual([])
    expect(await rows()).toEqual([])
  })

  it('of a row that was removed and set again is worth nothing', async () => {
    await set('a', 0)
    const [old] = await claim(1)
    await fresh.db.tx((tx) => jobsOf().remove(tx, 'ask', 'a'))
    await set('a', 60_000)
    if (!old) throw new Error('claimed')
    expect(await finishJobs(fresh.db, [{ ...old, next: undefined }])).toHaveLength(1)
    expect(await rows()).toMatchObject([{ inMs: 60_000 }])
  })

  it('is given to one of many who claim at once', async () => {
    for (let n = 0; n < 40; n++) await set(`job ${n}`, -n)
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, fence) =>
        claimJobs(fresh.db, [{ kind: 'ask', limit: 9, leaseMs: 10_000 }], now, fence + 1),
      ),
    )
    const keys = claims.flat().map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.length).toBe(40)
  })
})

describe('finishing', () => {
  it('never makes a business transaction wait in a circle', async () => {
    for (const key of ['a', 'b', 'c']) await set(key, 0)
    const claimed = await claimJobs(fresh.db, [{ kind: 'ask', limit: 9, leaseMs: 10_000 }], now, 1)
    const locked = gate()
    const go = gate()
    // Locks b, and a only when the finishing waits for b: whoever held a meanwhile would be waited for in turn.
    const business = fresh.db.tx(async (tx) => {
      await jobsOf().set(tx, [{ kind: 'ask', key: 'b', runAt: START + 1 }])
      locked.open()
      await go.passed
      await tx.query(statement('t.nowait', `select 1 from platform.job where key = 'a' for update nowait`))
      await jobsOf().set(tx, [{ kind: 'ask', key: 'a', runAt: START + 2 }])
    })
    await locked.passed
    const finishing = finishJobs(
      fresh.db,
      claimed.map((job) => ({ ...job, next: undefined })),
    )
    const WAITING = statement(
      't.waiting',
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    )
    while ((await fresh.db.query(WAITING)).length === 0);
    go.open()
    await business
    expect(await finishing).toEqual([])
    // c is done; b was moved while it ran; a was done, and set again after.
    expect((await rows()).map(({ key, inMs, held }) => [key, inMs, held])).toEqual([
      ['a', 2, false],
      ['b', 1, false],
    ])
  })
})
