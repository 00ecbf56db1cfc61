import { type Instant, MINUTE_MS } from '../../kernel/time.ts'
import type { AddressCondition, Backlog } from '../../notices/index.ts'
import type { DueJobs } from '../../platform/jobs/jobs.ts'
import type { OpenTasks } from '../../tasks/index.ts'
import { ago, counted, error, type Found, warning } from './found.ts'

/** What waits: for the hub's processes, for e-services, for people. Pure. */

/** Under load a job may wait some seconds; so long only where nobody works. */
const OVERDUE_MS = 5 * MINUTE_MS
/** Placing follows a commit within half a second. */
const UNPLACED_MS = MINUTE_MS
/** Counts are told up to this. */
const COUNTED_TO = 10_000

const NOBODY_WORKS = 'see whether a process of the hub runs (ebizness start) and what its log says'

export const ofJobs = (jobs: readonly DueJobs[], now: Instant): readonly Found[] =>
  jobs.flatMap(({ kind, due, oldest }) =>
    oldest === null || now - oldest < OVERDUE_MS
      ? []
      : [
          error(
            'jobs',
            `${many(due)} of the kind ${kind} overdue, the oldest for ${ago(now - oldest)}: ${NOBODY_WORKS}`,
          ),
        ],
  )

export const ofNotices = (backlog: Backlog, troubled: readonly AddressCondition[], now: Instant): readonly Found[] => {
  const { unplaced, waiting, gaveUp, oldest } = backlog
  const age = oldest === null ? 0 : now - oldest
  return [
    ...(unplaced > 0 && age > UNPLACED_MS && troubled.length === 0 && waiting === 0
      ? [error('notices', `${many(unplaced)} nobody has begun to send, the oldest for ${ago(age)}: ${NOBODY_WORKS}`)]
      : []),
    ...(waiting > 0 && age > OVERDUE_MS
      ? [
          warning(
            'notices',
            `${many(waiting)} not acknowledged, the oldest for ${ago(age)}: look at the addresses below, or at the e-service’s log`,
          ),
        ]
      : []),
    ...(gaveUp > 0
      ? [
          warning(
            'notices',
            `${many(gaveUp)} given up after 30 days: repair the e-service, then ebizness notices replay`,
          ),
        ]
      : []),
    ...troubled.map((condition) => ofAddress(condition, now)),
  ]
}

const ofAddress = ({ eService, url, gone, failing, since }: AddressCondition, now: Instant): Found =>
  gone
    ? error(
        `e-service ${eService}`,
        `${url} answered 410 and hears nothing more: once it listens again, apply cma.yaml anew and replay what it missed`,
      )
    : warning(
        `e-service ${eService}`,
        `${url} does not acknowledge ${counted(failing, 'notice', 'notices')}${since === null ? '' : `, the oldest for ${ago(now - since)}`}: see what it answers, and repair it`,
      )

export const ofTasks = (open: readonly OpenTasks[]): readonly Found[] => {
  const waiting = open.filter(({ count }) => count > 0)
  if (waiting.length === 0) return []
  const kinds = waiting.map(({ kind, count }) => `${kind} ${count}`).join(', ')
  return [warning('tasks', `somebody is needed (${kinds}): ebizness tasks list`)]
}

const many = (count: number): string => (count >= COUNTED_TO ? `${COUNTED_TO} or more` : String(count))
