import type { Clock, Instant } from '../../kernel/time.ts'
import type { Db, Queryable } from '../db/db.ts'
import { afterCommit } from '../db/transactions.ts'
import type { Job, Jobs } from './jobs.ts'
import { dueJobs, notifyWorkers, removeJob, setJobs, upcomingJobs } from './store.ts'

/** How often a worker looks by itself, in milliseconds; what is due later than this needs no waking. */
export const POLL_MS = 500

/**
 * NOTIFY is sent after the commit, by itself and this seldom: inside a transaction it makes all commits queue up for one lock that is
 * held while the disk writes (async.c, PreCommit_Notify): 0.4 × the commits at 32 clients, measured here.
 */
const NOTIFY_GAP_MS = 25

/** The workers of this process, by the database they work on: they need no NOTIFY. */
const workers = new WeakMap<Db, Set<(runAt: Instant) => void>>()

/** Calls back when a job is set in this process. Returns how to stop. */
export const onJobSet = (db: Db, wake: (runAt: Instant) => void): (() => void) => {
  const wakes = workers.get(db) ?? new Set()
  workers.set(db, wakes)
  wakes.add(wake)
  return () => wakes.delete(wake)
}

export const createJobs = ({ db, clock }: { readonly db: Db; readonly clock: Clock }): Jobs => {
  const notify = seldom(NOTIFY_GAP_MS, () => notifyWorkers(db))
  const wakeAll = (jobs: readonly Job[]): void => {
    const runAt = Math.min(...jobs.map((job) => job.runAt))
    if (runAt > clock.now() + POLL_MS) return
    for (const wake of workers.get(db) ?? []) wake(runAt)
    notify()
  }
  return {
    set: async (tx: Queryable, jobs: readonly Job[]) => {
      if (jobs.length === 0) return
      await setJobs(tx, jobs)
      afterCommit(tx, () => wakeAll(jobs))
    },
    remove: removeJob,
    due: (kinds) => dueJobs(db, kinds, clock.now()),
    upcoming: (kinds, limit) => upcomingJobs(db, kinds, clock.now(), limit),
  }
}

/** At once, and then at most once in `gapMs`. What is lost is found by polling. */
const seldom = (gapMs: number, act: () => Promise<void>): (() => void) => {
  let busy = false
  let again = false
  const run = (): void => {
    busy = true
    again = false
    act().catch(() => {})
    setTimeout(() => {
      busy = false
      if (again) run()
    }, gapMs).unref()
  }
  return () => {
    if (busy) again = true
    else run()
  }
}
