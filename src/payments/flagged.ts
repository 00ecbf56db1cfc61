import { z } from 'zod'
import { type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { Job, JobHandler } from '../platform/jobs/jobs.ts'
import { BY_ITSELF } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { flaggedPayments, lockPayment } from './store/index.ts'
import { PAYMENT_TASKS, wantedTasks } from './tasks.ts'

/**
 * Gives each payment that has a flag the tasks that its state wants: one whose flag was raised by a release that knew no such task would
 * wait for a further fact. Those that have theirs keep them. Once after each start, a page a run: however many are flagged, it is one
 * job that uses one connection, and goes on where it was when its process ends.
 */
export const flaggedJob = (hub: Hub): JobHandler => ({
  kind: FLAGGED,
  housekeeping: true,
  atOnce: 1,
  leaseMs: 5 * MINUTE_MS,
  run: async ({ key, payload }, now) => {
    const page = await flaggedPayments(hub.db, Place.safeParse(payload).data ?? BEFORE_ALL, PAGE)
    for (const { merchant, id } of page) await giveTasksTo(hub, merchant, id)
    const last = page.at(-1)
    if (last) await hub.jobs.set(hub.db, [{ kind: FLAGGED, key, runAt: now, payload: last }])
    return undefined
  },
})

const FLAGGED = 'payments.flagged'
const PAGE = 200
/** The payment that was looked at last. */
const Place = z.object({ merchant: z.string(), id: z.string() })
const BEFORE_ALL = { merchant: '', id: '' }

/** From the first payment on. A release that knows other tasks has a walk of its own: two at once must not take each other's place for theirs. */
export const lookAtFlagged = (runAt: Instant): Job => ({ kind: FLAGGED, key: PAYMENT_TASKS.join(' '), runAt })

const giveTasksTo = (hub: Hub, merchant: string, id: string): Promise<void> =>
  hub.db.tx(async (tx) => {
    const loaded = await lockPayment(tx, merchant, id)
    if (!loaded) return
    const { row, facts } = loaded
    const subject = { merchant, subject: id, eService: row.eService }
    await hub.tasks.set(tx, subject, PAYMENT_TASKS, wantedTasks(stateOf(facts)), BY_ITSELF, hub.clock.now())
  })
