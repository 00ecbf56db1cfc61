import type { AttemptId, RefundId } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'
import type { Decision, PaymentState, RefundHandedFact, RefundState, RuledFact } from './facts.ts'
import { leftMinor, stillFits } from './refunds.ts'

/** What may be decided of refunds. Pure. */

export type RefundCommand =
  | {
      readonly do: 'refund'
      readonly refund: RefundId
      readonly attempt: AttemptId
      readonly number: string
      readonly amountMinor: number
      readonly reason?: string
      /** The PSP takes none from a program: a person has it at once. */
      readonly byHand?: boolean
    }
  | { readonly do: 'hand_refund'; readonly refund: RefundId; readonly why: RefundHandedFact['why'] }
  | { readonly do: 'withhold_refund'; readonly refund: RefundId }

export type RefundRefusal =
  | 'unknown_attempt'
  | 'exceeds_paid'
  | 'unknown_refund'
  /** Done or failed, or a person has it already. */
  | 'refund_over'
  /** No more goes back by it than was paid. */
  | 'refund_fits'
  /** The hub still sees to it. */
  | 'refund_not_handed'
  | 'refund_not_disputed'

export const decideRefund = (
  state: PaymentState,
  command: RefundCommand,
  now: Instant,
): Result<readonly Decision[], RefundRefusal> => {
  if (command.do === 'hand_refund') return hand(state, command, now)
  if (command.do === 'withhold_refund') return withhold(state, command.refund, now)
  const { do: _, byHand = false, ...wanted } = command
  const paid = state.attempts.find((one) => one.id === wanted.attempt)
  if (!paid) return fail('unknown_attempt')
  if (wanted.amountMinor <= 0 || wanted.amountMinor > leftMinor(state, paid)) return fail('exceeds_paid')
  return ok([
    { ...wanted, fact: 'refund_asked', key: `refund:${wanted.refund}`, at: now },
    ...(byHand ? [handed(wanted.refund, 'not_sent', now)] : []),
  ])
}

const handed = (refund: RefundId, why: RefundHandedFact['why'], at: Instant): RefundHandedFact => ({
  fact: 'refund_handed',
  key: `handed:${refund}`,
  at,
  refund,
  why,
})

/** What the PSP may have is never handed over as not sent: then nobody would be told to look whether it was made already. */
const hand = (
  state: PaymentState,
  { refund, why }: Extract<RefundCommand, { do: 'hand_refund' }>,
  now: Instant,
): Result<readonly Decision[], RefundRefusal> => {
  const found = state.refunds.find(({ id }) => id === refund)
  if (!found) return fail('unknown_refund')
  if (isSettled(found) || found.handed) return fail('refund_over')
  return ok([handed(refund, found.status === 'requested' ? why : 'unsettled', now)])
}

/** Only what was surely not sent: what the PSP may have is found out about. */
const withhold = (state: PaymentState, refund: RefundId, at: Instant): Result<readonly Decision[], RefundRefusal> => {
  const found = state.refunds.find(({ id }) => id === refund)
  if (!found) return fail('unknown_refund')
  if (found.status !== 'requested' || found.handed) return fail('refund_over')
  if (stillFits(state, found)) return fail('refund_fits')
  return ok([{ fact: 'refund_withheld', key: `withheld:${refund}`, at, refund }])
}

/** One of ours: those made at the bank go by its own numbers. */
export const isRefundId = (id: string): id is RefundId => id.startsWith('rfd_')

export const isSettled = ({ status }: RefundState): boolean => status === 'done' || status === 'failed'

/** Whether a person's word on a refund can be taken. Undefined: it can. */
export const refusedRuling = (
  state: PaymentState,
  ruling: Pick<RuledFact, 'as' | 'refund'>,
): RefundRefusal | undefined => {
  const found = state.refunds.find(({ id, origin }) => id === ruling.refund && origin === 'e-service')
  if (!found) return 'unknown_refund'
  if (ruling.as === 'settled') return found.disputed ? undefined : 'refund_not_disputed'
  if (isSettled(found)) return 'refund_over'
  return found.handed ? undefined : 'refund_not_handed'
}
