import type { KindWords, TaskOwner } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { ruleOnPayment, takenNow } from './ruling.ts'
import { loadPayment } from './store/index.ts'
import { storyOf } from './task-stories.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'
import { sameTask, wantedTasks } from './tasks.ts'

/** Tasks about payments, for the desk. */
export const paymentTasks = (hub: Hub): TaskOwner => ({
  kinds: PAYMENT_TASK_WORDS,
  tell: async (task) => {
    const loaded = await loadPayment(hub.db, task.merchant, task.subject)
    if (!loaded) throw new Error(`task ${task.id} is about a payment that is not there`)
    const state = stateOf(loaded.facts)
    const wanted = wantedTasks(state).find((one) => sameTask(one, task))
    const words: KindWords['rulings'] = wanted ? PAYMENT_TASK_WORDS[wanted.kind].rulings : {}
    const takes = takenNow(loaded.facts, state, task).filter(({ as }) => words[as] !== undefined)
    return { ...storyOf(loaded.facts, state, task), takes }
  },
  rule: (task, ruling) => ruleOnPayment(hub, task, ruling),
})
