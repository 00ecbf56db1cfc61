import { BY_ITSELF, type Closing, type RulingWord, type Wanted } from '../tasks/index.ts'
import { type Fact, FLAGS, type PaymentState, type RuledFact } from './facts.ts'

/** Which tasks a payment gives a person: a pure function of its state, so they can neither be forgotten nor outlive their reason. */

/** Each attention flag is a kind of task. */
export const PAYMENT_TASKS = [...FLAGS] as const
export type PaymentTask = (typeof PAYMENT_TASKS)[number]

export const wantedTasks = (state: PaymentState): readonly (Wanted & { readonly kind: PaymentTask })[] =>
  state.attention.map(({ flag }) => ({ kind: flag, part: '' }))

/** What is to be written when facts turned `before` into `after`: all that is wanted now. Undefined: nothing, as with almost every payment. */
export const changedTasks = (before: PaymentState, after: PaymentState): readonly Wanted[] | undefined => {
  const [was, is] = [wantedTasks(before), wantedTasks(after)]
  const same = was.length === is.length && is.every((task) => was.some((one) => sameTask(one, task)))
  return same ? undefined : is
}

export const sameTask = (a: Wanted, b: Wanted): boolean => a.kind === b.kind && a.part === b.part

/** A ruling as the heart has it and as people type it. */
export const RULED_AS = { paid: 'paid', 'not-paid': 'not_paid', settled: 'settled' } as const satisfies Record<
  RulingWord,
  RuledFact['as']
>

/** Who closes the tasks that these facts settle: the person who ruled, else nobody. */
export const closingOf = (facts: readonly Fact[]): Closing => {
  const ruled = facts.find((fact) => fact.fact === 'ruled')
  return ruled ? { by: ruled.by, as: ruled.as.replace('_', '-'), note: ruled.note } : BY_ITSELF
}
