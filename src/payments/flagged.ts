import { BY_ITSELF } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { flaggedPayments, lockPayment } from './store/index.ts'
import { PAYMENT_TASKS, wantedTasks } from './tasks.ts'

const PAGE = 200

/**
 * Gives each payment that has a flag the tasks that its state wants: one whose flag was raised by a release that knew no such task would
 * wait for a further fact. Those that have theirs keep them.
 */
export const giveTasks = async (hub: Hub): Promise<undefined> => {
  let last = { merchant: '', id: '' }
  for (;;) {
    const page = await flaggedPayments(hub.db, last, PAGE)
    for (const { merchant, id } of page) await giveTasksTo(hub, merchant, id)
    const end = page.at(-1)
    if (!end) return undefined
    last = end
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
