import { BY_ITSELF, type Closing, type RulingWord, type Wanted } from '../tasks/index.ts'
import { type Fact, FLAGS, type PaymentState, type RefundState, type RuledFact } from './facts.ts'
import { isSettled } from './refund-decisions.ts'

/** Which tasks a payment gives a person: a pure function of its state, so they can neither be forgotten nor outlive their reason. */

const REFUND_TASKS = ['refund_by_hand', 'refund_unsettled', 'refund_disputed', 'refunded_too_much'] as const
/** Each attention flag is a kind of task. */
export const PAYMENT_TASKS = [...FLAGS, ...REFUND_TASKS] as const
export type PaymentTask = (typeof PAYMENT_TASKS)[number]

type WantedHere = Wanted & { readonly kind: PaymentTask }

export const wantedTasks = (state: PaymentState): readonly WantedHere[] => [
  ...state.attention.map(({ flag }) => ({ kind: flag, part: '' })),
  ...state.refunds.flatMap(wantedOfRefund),
  ...(state.tooMuchBack ?? []).map(({ attempt }) => ({ kind: 'refunded_too_much' as const, part: attempt })),
]

/** What was surely not sent is made by hand; of what the PSP may have, a person finds out what became of it. */
const wantedOfRefund = (refund: RefundState): readonly WantedHere[] => {
  if (refund.disputed) return [{ kind: 'refund_disputed', part: refund.id }]
  if (!refund.handed || isSettled(refund)) return []
  const byHand = refund.handed === 'not_sent' && refund.status === 'requested'
  return [{ kind: byHand ? 'refund_by_hand' : 'refund_unsettled', part: refund.id }]
}

/** What is to be written when facts turned `before` into `after`: all that is wanted now. Undefined: nothing, as with almost every payment. */
export const changedTasks = (before: PaymentState, after: PaymentState): readonly Wanted[] | undefined => {
  const [was, is] = [wantedTasks(before), wantedTasks(after)]
  const same = was.length === is.length && is.every((task) => was.some((one) => sameTask(one, task)))
  return same ? undefined : is
}

export const sameTask = (a: Wanted, b: Wanted): boolean => a.kind === b.kind && a.part === b.part

/** A ruling as the heart has it and as people type it. */
export const RULED_AS = {
  paid: 'paid',
  'not-paid': 'not_paid',
  settled: 'settled',
  'refund-done': 'refund_done',
  'refund-failed': 'refund_failed',
} as const satisfies Record<RulingWord, RuledFact['as']>

/** Who closes the tasks that these facts settle: the person who ruled, else nobody. */
export const closingOf = (facts: readonly Fact[]): Closing => {
  const ruled = facts.find((fact) => fact.fact === 'ruled')
  return ruled ? { by: ruled.by, as: ruled.as.replace('_', '-'), note: ruled.note } : BY_ITSELF
}
