import type { ListedChannel } from '../channels/channel.ts'
import { type Clock, type Instant, SECOND_MS } from '../kernel/time.ts'
import type { Backlog } from '../notices/index.ts'
import { FLAGS } from '../payments/facts.ts'
import type { Db } from '../platform/db/db.ts'
import type { DueJobs } from '../platform/jobs/jobs.ts'
import type { Log } from '../platform/log.ts'
import { type Measure, type Metrics, openMetrics } from '../platform/metrics.ts'
import type { OpenTasks } from '../tasks/index.ts'
import type { Config } from './config.ts'
import { VERSION } from './version.ts'

type Watched = {
  readonly config: Pick<Config, 'mode'>
  readonly db: Db
  readonly channels: readonly ListedChannel[]
  readonly clock: Clock
  readonly log: Log
  readonly due: () => Promise<readonly DueJobs[]>
  readonly backlog: () => Promise<Backlog>
  readonly tasks: () => Promise<readonly OpenTasks[]>
}

/** The hub's metrics, with what waits in the database put into their words. */
export const openWatch = ({ config, db, channels, clock, log, due, backlog, tasks }: Watched): Metrics => {
  const metrics = openMetrics({
    clock,
    build: { version: VERSION, node: process.version, mode: config.mode },
    usage: db.usage,
    measure: async () => {
      const [jobs, notices, open, skewMs] = await Promise.all([due(), backlog(), tasks(), db.clockSkewMs()])
      return [...measured(jobs, notices, skewMs, clock.now()), ...open.map(openTasks)]
    },
    warn: (fault) => log.warn({ fault }, 'what waits cannot be measured'),
  })
  for (const { channel } of channels) foreseeTrouble(metrics, channel.id)
  for (const flag of FLAGS) metrics.foresee('attention', { flag })
  for (const outcome of ['gave_up', 'no_server']) metrics.foresee('receipt_mails', { outcome })
  return metrics
}

/** What an alarm waits for must be seen the first time. */
const foreseeTrouble = ({ foresee }: Metrics, channel: string): void => {
  foresee('unknown_words', { channel })
  foresee('plans_ended', { channel, finding: 'no_answer' })
  for (const carrier of ['psp', 'payer']) {
    for (const verdict of ['untrusted', 'fault', 'held_back']) foresee('messages', { channel, carrier, verdict })
  }
}

const openTasks = ({ kind, count }: OpenTasks): Measure => ({ name: 'tasks_open', labels: { kind }, value: count })

const measured = (jobs: readonly DueJobs[], notices: Backlog, skewMs: number, now: Instant): readonly Measure[] => {
  const ageOf = (oldest: Instant | null): number => (oldest === null ? 0 : (now - oldest) / SECOND_MS)
  return [
    ...jobs.flatMap(({ kind, due, oldest }): readonly Measure[] => [
      { name: 'jobs_due', labels: { kind }, value: due },
      { name: 'jobs_oldest_due_seconds', labels: { kind }, value: ageOf(oldest) },
    ]),
    { name: 'notices', labels: { state: 'unplaced' }, value: notices.unplaced },
    { name: 'notices', labels: { state: 'waiting' }, value: notices.waiting },
    { name: 'notices', labels: { state: 'gave_up' }, value: notices.gaveUp },
    { name: 'notices_oldest_waiting_seconds', labels: {}, value: ageOf(notices.oldest) },
    { name: 'clock_skew_seconds', labels: {}, value: skewMs / SECOND_MS },
  ]
}
