import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../db/db.ts'

/**
 * Work to be done at a time, written in the transaction that makes it necessary. One row per (kind, key): setting it again moves
 * its time, also while it runs (the finishing write then leaves the newer row alone).
 */
export type Job = { readonly kind: string; readonly key: string; readonly runAt: Instant; readonly payload?: unknown }

export type JobHandler = {
  readonly kind: string
  /** Runs for ever and concerns nobody who waits. */
  readonly housekeeping?: true
  /** How many of this kind may run at once in this process. */
  readonly atOnce: number
  /** How long a run may take; past it another node takes the job. Of a process that died it takes them after 15 s. */
  readonly leaseMs: number
  /**
   * Runs once per claim; may run again after a crash. Returns when to run next, or undefined when done. A throw is a fault: the job
   * is repeated with growing delay (1 s doubling to 5 min), for ever, and counted.
   */
  run(
    job: { readonly key: string; readonly payload: unknown; readonly tries: number },
    now: Instant,
  ): Promise<Instant | undefined>
}

/** What of one kind is due, running or waiting to run. */
export type DueJobs = { readonly kind: string; readonly due: number; readonly oldest: Instant | null }

/** A job whose time has not come. */
export type UpcomingJob = Pick<Job, 'kind' | 'key' | 'runAt'>

export type Jobs = {
  /** Writes or moves jobs, in the caller's transaction; wakes workers after commit by NOTIFY. */
  set(tx: Queryable, jobs: readonly Job[]): Promise<void>
  remove(tx: Queryable, kind: string, key: string): Promise<void>
  /** What of each kind is due now; each counted to 10,000. */
  due(kinds: readonly string[]): Promise<readonly DueJobs[]>
  /** The first `limit` of these kinds whose time is still to come. */
  upcoming(kinds: readonly string[], limit: number): Promise<readonly UpcomingJob[]>
}

export type Worker = {
  /** Claims and runs until stopped. */
  start(handlers: readonly JobHandler[]): void
  /** Stops claiming, waits for what runs (at most `graceMs`). */
  stop(graceMs: number): Promise<void>
  /** Runs everything that is due now, in this process, until nothing is; for tests with a clock of their own. Returns how many ran. */
  drain(handlers: readonly JobHandler[]): Promise<number>
}
