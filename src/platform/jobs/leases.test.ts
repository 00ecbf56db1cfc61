import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '../../kernel/time.ts'
import { statement } from '../db/db.ts'
import { openDb } from '../db/postgres.ts'
import { silentLog } from '../log.ts'
import type { JobHandler } from './jobs.ts'
import { openLeases } from './leases.ts'
import { createJobs } from './queue.ts'
import { claimJobs } from './store.ts'
import { createWorker } from './worker.ts'

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

const set = (...keys: readonly string[]) =>
  fresh.db.tx((tx) =>
    createJobs({ db: fresh.db, clock }).set(
      tx,
      keys.map((key) => ({ kind: 'ask', key, runAt: START })),
    ),
  )
const claim = (fence: number, leaseMs = 15 * SECOND_MS) =>
  claimJobs(fresh.db, [{ kind: 'ask', limit: 9, leaseMs }], now, fence)
/** For how long each is leased from the start on, in seconds. */
const leased = async (): Promise<readonly (readonly [key: string, seconds: number])[]> => {
  const LEASED = statement<{ key: string; until: Instant }>(
    't.leased',
    'select key, leased_until as until from platform.job where leased_until is not null order by key',
  )
  return (await fresh.db.query(LEASED)).map(({ key, until }) => [key, (until - START) / SECOND_MS])
}

describe('leases', () => {
  it('are short at first, shorter where a run may not take so long', () => {
    const { first } = openLeases({ db: fresh.db, clock })
    expect([first(4 * MINUTE_MS), first(10 * SECOND_MS)]).toEqual([15 * SECOND_MS, 10 * SECOND_MS])
  })

  it('of what is held are prolonged, as long as a run may take and no longer', async () => {
    const leases = openLeases({ db: fresh.db, clock })
    await set('a')
    for (const job of await claim(1)) leases.hold(job, 40 * SECOND_MS)
    const seen = []
    for (const atS of [5, 10, 20, 30, 39, 40, 60]) {
      now = START + atS * SECOND_MS
      await leases.beat()
      seen.push((await leased())[0]?.[1])
    }
    expect(seen).toEqual([20, 25, 35, 40, 40, 40, 40])
  })

  it('of what was let go, or is held by another by now, are left alone', async () => {
    const leases = openLeases({ db: fresh.db, clock })
    await set('a', 'b')
    const [a, b] = await claim(1)
    if (!a || !b) throw new Error('claimed')
    for (const job of [a, b]) leases.hold(job, MINUTE_MS)
    leases.letGo(a)
    now += 15 * SECOND_MS
    await claim(2, 2 * SECOND_MS)
    now += SECOND_MS
    await leases.beat()
    expect(await leased()).toEqual([
      ['a', 17],
      ['b', 17],
    ])
  })

  it('that another transaction has locked are left for the next beat, the others are not', async () => {
    const leases = openLeases({ db: fresh.db, clock })
    await set('a', 'b')
    for (const job of await claim(1)) leases.hold(job, MINUTE_MS)
    now += 5 * SECOND_MS
    await fresh.db.tx(async (tx) => {
      await tx.query(statement('t.lock', "select 1 from platform.job where key = 'a' for update"))
      await leases.beat()
    })
    expect(await leased()).toEqual([
      ['a', 15],
      ['b', 20],
    ])
    await leases.beat()
    expect((await leased())[0]).toEqual(['a', 20])
  })
})

describe('a worker', () => {
  const handler = (run: JobHandler['run']): JobHandler => ({ kind: 'ask', atOnce: 4, leaseMs: 2 * MINUTE_MS, run })
  const gate = () => {
    let open = (): void => {}
    const passed = new Promise<void>((resolve) => {
      open = resolve
    })
    return { open, passed }
  }
  /** One whose heart a test strikes. */
  const open = (db = fresh.db) => {
    let strike = (): void => {}
    const pulse = (beat: () => void) => {
      strike = beat
      return () => {
        strike = () => {}
      }
    }
    return { worker: createWorker({ db, clock, log: silentLog, pulse }), strike: () => strike() }
  }

  it('that lives keeps its run for as long as it may take; one that died is succeeded after fifteen seconds', async () => {
    await set('a')
    const [begun, end] = [gate(), gate()]
    const dying = open()
    dying.worker.start([
      handler(async () => {
        begun.open()
        await end.passed
        return undefined
      }),
    ])
    await begun.passed
    const other = await openDb({ url: fresh.url })
    const ran: Instant[] = []
    const heir = handler(async (_job, at) => {
      ran.push(at - START)
      return undefined
    })
    // Alive: past its first claim nobody else gets it.
    now += 10 * SECOND_MS
    dying.strike()
    await expect.poll(leased).toEqual([['a', 25]])
    now += 10 * SECOND_MS
    expect(await open(other).worker.drain([heir])).toBe(0)
    // Dead: no beat any more.
    now = START + 25 * SECOND_MS
    expect(await open(other).worker.drain([heir])).toBe(1)
    expect(ran).toEqual([25 * SECOND_MS])
    end.open()
    await dying.worker.stop(1_000)
    await other.close()
  })
})
