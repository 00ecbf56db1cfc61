import { toRfc3339 } from '../kernel/time.ts'
import { speak } from '../platform/texts/index.ts'
import type { AttemptState, PaymentState, RefundState } from './facts.ts'
import type { PaymentView } from './schemas.ts'
import type { PaymentRow } from './store/index.ts'

/**
 * What the API shows of a payment, without personal data: a pure function of its facts, so the same in every answer and notice.
 * Nothing here may depend on when *we* heard something.
 */
export const viewOf = (row: PaymentRow, state: PaymentState): PaymentView => ({
  id: row.id,
  mode: row.mode,
  reference: row.reference,
  status: state.status,
  final: state.final,
  closing: state.closing ?? null,
  attention: state.attention.map((attention) => attention.flag),
  amount: state.order.amount.amountMinor,
  currency: state.order.amount.currency,
  paidAmount: state.paidMinor,
  refundedAmount: state.refundedMinor,
  reversedAmount: state.reversedMinor,
  description: row.details.description,
  payee: row.details.account,
  language: row.details.language,
  allowedAttempts: state.order.attempts,
  attempts: state.attempts.map((attempt) => attemptView(attempt, row.details.language)),
  refunds: state.refunds.map(refundView),
  createdAt: toRfc3339(row.createdAt),
  expiresAt: toRfc3339(state.order.expiresAt),
  metadata: row.details.metadata,
})

export const refundView = (refund: RefundState): PaymentView['refunds'][number] => ({
  id: refund.id,
  attempt: refund.attempt,
  amount: refund.amountMinor,
  status: refund.status,
  origin: refund.origin,
  reason: refund.reason ?? null,
  bankReference: refund.bankReference ?? null,
})

const attemptView = (attempt: AttemptState, language: string): PaymentView['attempts'][number] => ({
  id: attempt.id,
  offer: attempt.offer,
  status: attempt.status,
  reason: attempt.reason ?? null,
  reasonText: attempt.reason ? speak(language).say(`reason.${attempt.reason}`) : null,
  begunAt: toRfc3339(attempt.begunAt),
  number: attempt.number,
  bankReference: attempt.bankReference ?? null,
  paidAt: attempt.paidAt === undefined ? null : toRfc3339(attempt.paidAt),
})

/** The event's type when a transaction turned `before` into `after`: the new status, else the refund's, else `attention`. Undefined: nothing shown changed. */
export const eventType = (before: PaymentView, after: PaymentView): string | undefined => {
  if (JSON.stringify(before) === JSON.stringify(after)) return undefined
  if (before.status !== after.status) return `payment.${after.status}`
  const refund = after.refunds.find((one) => before.refunds.find((other) => other.id === one.id)?.status !== one.status)
  return refund ? `refund.${refund.status}` : 'payment.attention'
}
