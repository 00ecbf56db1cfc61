import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { SECOND_MS, systemClock } from '../../kernel/time.ts'
import { statement } from '../db/db.ts'
import { openDb } from '../db/postgres.ts'
import { silentLog } from '../log.ts'
import type { JobHandler } from './jobs.ts'
import { createJobs } from './queue.ts'
import { createWorker } from './worker.ts'

let fresh: FreshDatabase

beforeAll(async () => {
  fresh = await freshDatabase()
})
beforeEach(async () => {
  await fresh.db.query(statement('t.empty', 'delete from platform.job'))
})
afterAll(async () => fresh.drop())

const ROWS = statement<{ key: string; held: boolean }>(
  't.rows',
  'select key, fence is not null as held from platform.job order by key',
)
const rows = () => fresh.db.query(ROWS)
const setDue = (key: string, ago: number) =>
  fresh.db.tx((tx) =>
    createJobs({ db: fresh.db, clock: systemClock }).set(tx, [{ kind: 'ask', key, runAt: systemClock.now() - ago }]),
  )
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

describe('a worker', () => {
  const realJobs = (db = fresh.db) => createJobs({ db, clock: systemClock })
  const realWorker = (db = fresh.db) => createWorker({ db, clock: systemClock, log: silentLog })

  it('runs a job at once when its transaction is committed', async () => {
    const ran = gate<number>()
    const worker = realWorker()
    worker.start([
      handler(async () => {
        ran.open(systemClock.now())
        return undefined
      }),
    ])
    await fresh.db.tx((tx) => realJobs().set(tx, [{ kind: 'ask', key: 'a', runAt: systemClock.now() }]))
    const committedAt = systemClock.now()
    expect((await ran.passed) - committedAt).toBeLessThan(400)
    await worker.stop(1_000)
    expect(await rows()).toEqual([])
  })

  it('hears of jobs that another process set', async () => {
    const other = await openDb({ url: fresh.url })
    const ran = gate<number>()
    const worker = realWorker()
    worker.start([
      handler(async () => {
        ran.open(systemClock.now())
        return undefined
      }),
    ])
    await other.tx((tx) => realJobs(other).set(tx, [{ kind: 'ask', key: 'a', runAt: systemClock.now() }]))
    await ran.passed
    await worker.stop(1_000)
    await other.close()
  })

  it('runs each of a thousand jobs once, beside another worker, and no more at once than allowed', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `job ${n}`)
    const other = await openDb({ url: fresh.url })
    await fresh.db.tx((tx) =>
      realJobs().set(
        tx,
        keys.map((key) => ({ kind: 'ask', key, runAt: systemClock.now() })),
      ),
    )
    const ran: string[] = []
    const all = gate()
    let most = 0
    const handle = () => {
      let atOnce = 0
      return handler(async ({ key }) => {
        most = Math.max(most, ++atOnce)
        await fresh.db.query(statement('t.one', 'select 1'))
        atOnce--
        ran.push(key)
        if (ran.length === keys.length) all.open()
        return undefined
      })
    }
    const workers = [realWorker(), realWorker(other)]
    for (const worker of workers) worker.start([handle()])
    await all.passed
    for (const worker of workers) await worker.stop(1_000)
    expect(ran.toSorted()).toEqual(keys.toSorted())
    expect(most).toBe(4)
    expect(await rows()).toEqual([])
    await other.close()
  })

  it('that is stopped finishes what runs and claims no more', async () => {
    const begun = gate()
    const end = gate()
    await setDue('a', 2_000)
    await setDue('b', 1_000)
    const worker = realWorker()
    worker.start([
      handler(
        async () => {
          begun.open()
          await end.passed
          return undefined
        },
        { atOnce: 1 },
      ),
    ])
    await begun.passed
    const stopped = worker.stop(5_000)
    end.open()
    await stopped
    expect(await rows()).toMatchObject([{ key: 'b', held: false }])
  })

  it('that is stopped does not wait for ever', async () => {
    const begun = gate()
    await setDue('a', 2_000)
    const worker = realWorker()
    worker.start([
      handler(async () => {
        begun.open()
        return new Promise(() => {})
      }),
    ])
    await begun.passed
    await worker.stop(20)
    expect(await rows()).toMatchObject([{ key: 'a', held: true }])
  })

  it('claims nothing while its clock differs from the database', async () => {
    const behind = await openDb({ url: fresh.url, clock: { now: () => systemClock.now() - 2_500 } })
    const lines: string[] = []
    const told = gate()
    const worker = createWorker({
      db: behind,
      clock: systemClock,
      log: {
        ...silentLog,
        error: (_fields, sentence) => {
          lines.push(sentence)
          told.open()
        },
      },
    })
    await setDue('a', 2_000)
    worker.start([handler(async () => undefined)])
    await told.passed
    await worker.stop(100)
    expect(lines).toEqual(['clocks differ: no job is claimed here'])
    expect(await rows()).toMatchObject([{ key: 'a', held: false }])
    await behind.close()
  })

  it('goes on when its connections were cut, and runs nothing twice', async () => {
    const ran: string[] = []
    const all = gate()
    const worker = realWorker()
    worker.start([
      handler(async ({ key }) => {
        ran.push(key)
        if (ran.length === 60) all.open()
        return undefined
      }),
    ])
    const other = await openDb({ url: fresh.url })
    const CUT = statement(
      't.cut-all',
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    for (let n = 0; n < 60; n++) {
      if (n % 20 === 10) await other.query(CUT)
      await other.tx((tx) => realJobs(other).set(tx, [{ kind: 'ask', key: `job ${n}`, runAt: systemClock.now() }]))
    }
    await all.passed
    await worker.stop(2_000)
    expect(new Set(ran).size).toBe(60)
    await other.close()
  })
})
