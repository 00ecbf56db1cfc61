import type { KindWords, TaskOwner } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { livedThroughRestore } from './refunding.ts'
import { ruleOnPayment, takenNow } from './ruling.ts'
import { loadPayment, type PaymentRow, referenceHolder } from './store/index.ts'
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
    const story = storyOf(loaded.facts, state, task, livedThroughRestore(loaded.row))
    const others = task.kind === 'paid_late' ? await stillPayable(hub, loaded.row) : []
    return { ...story, happened: [...story.happened, ...others], takes }
  },
  rule: (task, ruling) => ruleOnPayment(hub, task, ruling),
})

/** A payment that is paid late had freed its reference: what was ordered anew may be waiting to be paid a second time. */
const stillPayable = async (
  hub: Hub,
  { merchant, eService, reference, id }: PaymentRow,
): Promise<readonly string[]> => {
  const holder = await referenceHolder(hub.db, merchant, eService, reference)
  const other = holder === undefined || holder === id ? undefined : await loadPayment(hub.db, merchant, holder)
  return other === undefined || stateOf(other.facts).final
    ? []
    : [
        `The payment ${other.row.id} of the same reference can still be paid: the e-service should cancel it, or the bill may be paid twice.`,
      ]
}
