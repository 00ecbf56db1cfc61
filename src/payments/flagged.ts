import { z } from 'zod'
import { DAY_MS, type Instant, MINUTE_MS } from '../kernel/time.ts'
import { CommitUnknown, DatabaseAway } from '../platform/db/db.ts'
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
    const place = Place.safeParse(payload).data ?? fromTheFirst(0)
    if (key !== KEY) return now < place.begun + LEFT_FOR_MS ? now + LOOKED_AGAIN_MS : undefined
    const page = await flaggedPayments(hub.db, place, PAGE)
    for (const { merchant, id } of page) await giveTasksUnlessBroken(hub, merchant, id)
    const last = page.at(-1)
    if (last) await hub.jobs.set(hub.db, [{ kind: FLAGGED, key, runAt: now, payload: { ...last, begun: place.begun } }])
    return undefined
  },
})

const FLAGGED = 'payments.flagged'
const PAGE = 200
/** The walk is that of a release, by the tasks it knows. */
const KEY = PAYMENT_TASKS.join(' ')
/** One that knows other tasks claims it too, and leaves it to who can walk it; not for ever, since that release may be gone. */
const LOOKED_AGAIN_MS = MINUTE_MS
const LEFT_FOR_MS = DAY_MS

/** The payment that was looked at last, and when the walk began: long ago, where an earlier release wrote no time. */
const Place = z.object({ merchant: z.string(), id: z.string(), begun: z.number().default(0) })
const fromTheFirst = (begun: Instant) => ({ merchant: '', id: '', begun })

/** From the first payment on. */
export const lookAtFlagged = (runAt: Instant): Job => ({
  kind: FLAGGED,
  key: KEY,
  runAt,
  payload: fromTheFirst(runAt),
})

/** One payment that cannot be read must not keep the others from their tasks: it is told, and tried again after the next start. */
const giveTasksUnlessBroken = async (hub: Hub, merchant: string, id: string): Promise<void> => {
  try {
    await giveTasksTo(hub, merchant, id)
  } catch (fault) {
    if (fault instanceof DatabaseAway || fault instanceof CommitUnknown) throw fault
    hub.warn('a flagged payment was not given its tasks', { payment: id, fault })
  }
}

const giveTasksTo = (hub: Hub, merchant: string, id: string): Promise<void> =>
  hub.db.tx(async (tx) => {
    const loaded = await lockPayment(tx, merchant, id)
    if (!loaded) return
    const { row, facts } = loaded
    const subject = { merchant, subject: id, eService: row.eService }
    await hub.tasks.set(tx, subject, PAYMENT_TASKS, wantedTasks(stateOf(facts)), BY_ITSELF, hub.clock.now())
  })
