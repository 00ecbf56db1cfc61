import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, type Statement, statement } from '../db/db.ts'
import type { DueJobs, Job, UpcomingJob } from './jobs.ts'

/** All SQL of the job queue. */

export const JOB_CHANNEL = 'ebizness_job'

/** A job that this process holds until its lease ends. */
export type ClaimedJob = {
  readonly kind: string
  readonly key: string
  readonly payload: unknown
  readonly runAt: Instant
  /** Runs before this one that failed or never ended. */
  readonly tries: number
  /** Whoever claims it next gets another number, and this one is worth nothing. */
  readonly fence: number
}

/** How a run ended: `next` is when to run again, absent when it is done; `tries` as the row is to say. */
export type FinishedJob = Pick<ClaimedJob, 'kind' | 'key' | 'fence'> & {
  readonly next: Instant | undefined
  readonly tries: number
}

export type Wanted = { readonly kind: string; readonly limit: number; readonly leaseMs: number }

const inOrder = <Row extends { readonly kind: string; readonly key: string }>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => (a.kind === b.kind ? compare(a.key, b.key) : compare(a.kind, b.kind)))
const nameOf = ({ kind, key }: { readonly kind: string; readonly key: string }): string => `${kind} ${key}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const SET = statement(
  'jobs.set',
  `insert into platform.job (kind, key, run_at, payload)
   select kind, key, run_at, payload
   from unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[]) as job (kind, key, run_at, payload)
   on conflict (kind, key) do update
   set run_at = excluded.run_at, payload = excluded.payload, tries = 0, moved = job.fence is not null`,
)

/** Writes or moves jobs; in one order, so that two who move the same ones wait for each other and no more. */
export const setJobs = async (tx: Queryable, jobs: readonly Job[]): Promise<void> => {
  const last = new Map(jobs.map((job) => [nameOf(job), job]))
  const rows = inOrder([...last.values()])
  await tx.query(SET, [
    rows.map(({ kind }) => kind),
    rows.map(({ key }) => key),
    rows.map(({ runAt }) => at(runAt)),
    rows.map(({ payload }) => (payload === undefined ? null : JSON.stringify(payload))),
  ])
}

const REMOVE = statement('jobs.remove', 'delete from platform.job where kind = $1 and key = $2')

export const removeJob = async (tx: Queryable, kind: string, key: string): Promise<void> => {
  await tx.query(REMOVE, [kind, key])
}

const CLAIM = statement<ClaimedJob>(
  'jobs.claim',
  `with due as (
     select job.kind, job.key, wanted.leased_until
     from unnest($1::text[], $2::int[], $3::timestamptz[]) as wanted (kind, many, leased_until)
     cross join lateral (
       select kind, key from platform.job
       where kind = wanted.kind and run_at <= $4 and (leased_until is null or leased_until <= $4)
       order by run_at
       limit wanted.many
       for update skip locked) as job)
   update platform.job as job
   set fence = $5, leased_until = due.leased_until, moved = false, tries = job.tries + 1
   from due where job.kind = due.kind and job.key = due.key
   returning job.kind, job.key, job.payload, job.run_at as "runAt", job.tries - 1 as tries, job.fence`,
)

/** Takes what is due at `now`, up to each kind's limit, earliest first; nobody else gets it until its lease ends. */
export const claimJobs = async (
  db: Queryable,
  wanted: readonly Wanted[],
  now: Instant,
  fence: number,
): Promise<readonly ClaimedJob[]> => {
  const rows = await db.query(CLAIM, [
    wanted.map(({ kind }) => kind),
    wanted.map(({ limit }) => limit),
    wanted.map(({ leaseMs }) => at(now + leaseMs)),
    at(now),
    fence,
  ])
  return inOrder(rows).toSorted((a, b) => a.runAt - b.runAt)
}

const PROLONG = statement(
  'jobs.prolong',
  `with mine as (
     select job.kind, job.key, held.until
     from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) as held (kind, key, fence, until)
     join platform.job as job on job.kind = held.kind and job.key = held.key and job.fence = held.fence
     for update of job skip locked)
   update platform.job as job set leased_until = mine.until
   from mine where job.kind = mine.kind and job.key = mine.key`,
)

/** Moves the ends of leases that are still held; waits for nobody, so that the queue never makes a payment wait in a circle. */
export const prolongJobs = async (
  db: Queryable,
  held: readonly (Pick<ClaimedJob, 'kind' | 'key' | 'fence'> & { readonly until: Instant })[],
): Promise<void> => {
  await db.query(PROLONG, [
    held.map(({ kind }) => kind),
    held.map(({ key }) => key),
    held.map(({ fence }) => fence),
    held.map(({ until }) => at(until)),
  ])
}

/** More than this is told as this: a count for a page that is read every few seconds must not walk a long queue. */
const COUNTED_AT_MOST = 10_000

const DUE = statement<DueJobs>(
  'jobs.due',
  `select wanted.kind, count(job.run_at)::int as due, min(job.run_at) as oldest
   from unnest($1::text[]) as wanted (kind)
   left join lateral (
     select run_at from platform.job where kind = wanted.kind and run_at <= $2 order by run_at limit $3) as job on true
   group by wanted.kind`,
)

export const dueJobs = (db: Queryable, kinds: readonly string[], now: Instant): Promise<readonly DueJobs[]> =>
  db.query(DUE, [kinds, at(now), COUNTED_AT_MOST])

const UPCOMING = statement<UpcomingJob>(
  'jobs.upcoming',
  `select job.* from unnest($1::text[]) as wanted (kind)
   cross join lateral (
     select kind, key, run_at as "runAt" from platform.job where kind = wanted.kind and run_at > $2 order by run_at limit $3) as job
   order by "runAt", kind, key limit $3`,
)

export const upcomingJobs = (
  db: Queryable,
  kinds: readonly string[],
  now: Instant,
  limit: number,
): Promise<readonly UpcomingJob[]> => db.query(UPCOMING, [kinds, at(now), limit])

type Named = { readonly kind: string; readonly key: string }

/** The rows that these runs still hold, locked. */
const mine = (which: string, locking: string): string =>
  `with mine as (
     select job.kind, job.key, ended.next, ended.tries
     from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::int[]) as ended (kind, key, fence, next, tries)
     join platform.job as job on job.kind = ended.kind and job.key = ended.key and job.fence = ended.fence
     where ${which}
     for update of job ${locking})`

/** Done is gone, unless it was set again meanwhile. */
const drop = (locking: string): string =>
  `${mine('ended.next is null and not job.moved', locking)}
   delete from platform.job as job using mine where job.kind = mine.kind and job.key = mine.key returning job.kind, job.key`

const release = (locking: string): string =>
  `${mine('ended.next is not null or job.moved', locking)}
   update platform.job as job
   set fence = null, leased_until = null, moved = false,
     run_at = case when job.moved then job.run_at else mine.next end,
     tries = case when job.moved then job.tries else mine.tries end
   from mine where job.kind = mine.kind and job.key = mine.key returning job.kind, job.key`

const DROP = statement<Named>('jobs.drop', drop('skip locked'))
const RELEASE = statement<Named>('jobs.release', release('skip locked'))
const DROP_ONE = statement<Named>('jobs.drop-one', drop(''))
const RELEASE_ONE = statement<Named>('jobs.release-one', release(''))

/** Those whose row the statement did not write. */
const unwritten = async (
  db: Queryable,
  finishing: Statement<Named>,
  ended: readonly FinishedJob[],
): Promise<readonly FinishedJob[]> => {
  if (ended.length === 0) return ended
  const rows = await db.query(finishing, [
    ended.map(({ kind }) => kind),
    ended.map(({ key }) => key),
    ended.map(({ fence }) => fence),
    ended.map(({ next }) => (next === undefined ? null : at(next))),
    ended.map(({ tries }) => tries),
  ])
  const written = new Set(rows.map(nameOf))
  return ended.filter((job) => !written.has(nameOf(job)))
}

/**
 * Writes how runs ended, all at once. A row that a business transaction has locked is left for a statement of its own: one that waits
 * holds no other, so that the queue never makes a payment wait in a circle. Returns those whose fence was worth nothing any more.
 */
export const finishJobs = async (db: Queryable, ended: readonly FinishedJob[]): Promise<readonly FinishedJob[]> => {
  const done = ended.filter(({ next }) => next === undefined)
  const again = ended.filter(({ next }) => next !== undefined)
  const rest = await unwritten(db, RELEASE, [...(await unwritten(db, DROP, done)), ...again])
  const lost: FinishedJob[] = []
  for (const job of rest) lost.push(...(await unwritten(db, RELEASE_ONE, await unwritten(db, DROP_ONE, [job]))))
  return lost
}

const NOTIFY = statement('jobs.notify', `notify ${JOB_CHANNEL}`)

/** Tells the workers of other processes that something is due. */
export const notifyWorkers = async (db: Queryable): Promise<void> => {
  await db.query(NOTIFY)
}
