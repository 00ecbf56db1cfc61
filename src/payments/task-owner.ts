import type { TaskOwner } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { ruleOnPayment } from './ruling.ts'
import { loadPayment } from './store/index.ts'
import { storyOf } from './task-stories.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'

/** Tasks about payments, for the desk. */
export const paymentTasks = (hub: Hub): TaskOwner => ({
  kinds: PAYMENT_TASK_WORDS,
  tell: async (task) => {
    const loaded = await loadPayment(hub.db, task.merchant, task.subject)
    if (!loaded) throw new Error(`task ${task.id} is about a payment that is not there`)
    return storyOf(loaded.facts, stateOf(loaded.facts), task)
  },
  rule: (task, ruling) => ruleOnPayment(hub, task, ruling),
})
