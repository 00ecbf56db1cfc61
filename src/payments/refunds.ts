import type { AttemptId } from '../kernel/ids.ts'
import type { Currency } from '../kernel/money.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { byStrength, only } from './attempt.ts'
import type {
  AttemptState,
  Fact,
  OutcomeFact,
  PaymentState,
  ReadingFact,
  RefundAskedFact,
  RefundState,
  RefundStatus,
  RuledFact,
} from './facts.ts'

const names = ({ reading }: ReadingFact, refund: RefundAskedFact): boolean =>
  'refund' in reading.about && (reading.about.refund === refund.refund || reading.about.refund === refund.number)

/** A refund that went back with another amount or currency is not the one we asked for. */
const fits = (fact: ReadingFact, refund: RefundAskedFact, currency: Currency): boolean => {
  const amount = fact.reading.states?.amount
  if (!names(fact, refund)) return false
  if (fact.reading.says !== 'refunded' || amount === undefined || amount === 'as ordered') return true
  return amount.amountMinor === refund.amountMinor && amount.currency === currency
}

const IN_HAND: readonly ReadingFact['reading']['says'][] = ['accepted', 'waiting']
const ENDED: readonly ReadingFact['reading']['says'][] = ['refunded', 'refused']

/**
 * Whether the PSP has one under a number that the hub gave and does not know, as after its database was restored: an e-service that asks
 * for a refund again then perhaps means that one. Made, it is of this amount; while it is in hand, nothing is certain of it. What was made
 * at the PSP itself has no number of ours.
 */
export const isPerhapsForgotten = (facts: readonly Fact[], wanted: RefundAskedFact): boolean => {
  const asked = only(facts, 'refund_asked')
  const forgotten = only(facts, 'reading').flatMap((fact) => {
    const { about, says, states } = fact.reading
    const isForgotten =
      'refund' in about && fact.attempt === wanted.attempt && !asked.some((refund) => names(fact, refund))
    return isForgotten ? [{ number: about.refund, says, amount: states?.amount }] : []
  })
  const ended = new Set(forgotten.filter(({ says }) => ENDED.includes(says)).map(({ number }) => number))
  return forgotten.some(({ number, says, amount }) => {
    if (says !== 'refunded') return IN_HAND.includes(says) && !ended.has(number)
    return amount === undefined || amount === 'as ordered' || amount.amountMinor === wanted.amountMinor
  })
}

type RefundEvidence = {
  /** What the PSP says of it. */
  readonly readings: readonly ReadingFact[]
  readonly outcomes: readonly OutcomeFact[]
  readonly rulings: readonly RuledFact[]
  readonly isWithheld: boolean
}

const isHeard = ({ readings }: RefundEvidence, ...words: readonly string[]): boolean =>
  readings.some(({ reading }) => words.includes(reading.says))
const isRuled = ({ rulings }: RefundEvidence, as: RuledFact['as']): boolean =>
  rulings.some((ruling) => ruling.as === as)

/**
 * `done` and `failed` are the PSP's own word or a person's, a late `done` wins; a call that may have acted stays `unknown` whatever a
 * repeat says.
 */
const statusOf = (evidence: RefundEvidence): RefundStatus => {
  const { outcomes } = evidence
  const called = (result: OutcomeFact['result']) => outcomes.some((outcome) => outcome.result === result)
  if (isHeard(evidence, 'refunded') || isRuled(evidence, 'refund_done')) return 'done'
  if (isHeard(evidence, 'refused') || isRuled(evidence, 'refund_failed')) return 'failed'
  if (isHeard(evidence, 'accepted', 'waiting') || called('answered')) return 'sent'
  if (called('unknown')) return 'unknown'
  return called('turned_down') || evidence.isWithheld ? 'failed' : 'requested'
}

/** A person said one thing and the PSP the other: neither word may vanish. */
const isDisputed = (evidence: RefundEvidence): boolean =>
  !isRuled(evidence, 'settled') &&
  (isRuled(evidence, 'refund_done')
    ? isHeard(evidence, 'refused') && !isHeard(evidence, 'refunded')
    : isRuled(evidence, 'refund_failed') && isHeard(evidence, 'refunded'))

/** Refunds that we asked for, oldest id first, then those made at the PSP without us. */
export const refundsOf = (facts: readonly Fact[]): readonly RefundState[] => {
  const asked = only(facts, 'refund_asked').sort((a, b) => (a.refund < b.refund ? -1 : 1))
  const readings = only(facts, 'reading').sort(byStrength)
  const currency = only(facts, 'ordered')[0]?.amount.currency ?? ''
  const ours = asked.map((refund): RefundState => {
    const evidence: RefundEvidence = {
      readings: readings.filter((reading) => fits(reading, refund, currency)),
      outcomes: only(facts, 'outcome').filter((outcome) => outcome.refund === refund.refund),
      rulings: only(facts, 'ruled').filter((ruling) => ruling.refund === refund.refund),
      isWithheld: only(facts, 'refund_withheld').some((fact) => fact.refund === refund.refund),
    }
    const handed = only(facts, 'refund_handed').find((fact) => fact.refund === refund.refund)?.why
    const bankReference = referenceOf(evidence)
    return {
      id: refund.refund,
      attempt: refund.attempt,
      amountMinor: refund.amountMinor,
      status: statusOf(evidence),
      origin: 'e-service',
      ...(refund.reason === undefined ? {} : { reason: refund.reason }),
      ...(bankReference === undefined ? {} : { bankReference }),
      ...(handed ? { handed } : {}),
      ...(isDisputed(evidence) ? { disputed: true } : {}),
    }
  })
  return [...ours, ...refundsAtPsp(readings, asked, facts)]
}

/** The PSP's own word before a person's. */
const referenceOf = ({ readings, rulings }: RefundEvidence): string | undefined =>
  [...readings.map(({ reading }) => reading.states?.reference), ...rulings.map(({ reference }) => reference)].find(
    (reference) => reference !== undefined,
  )

const refundsAtPsp = (
  readings: readonly ReadingFact[],
  asked: readonly RefundAskedFact[],
  facts: readonly Fact[],
): readonly RefundState[] => {
  const { amountMinor: ordered = 0, currency = '' } = only(facts, 'ordered')[0]?.amount ?? {}
  const found = new Map<string, RefundState>()
  for (const fact of readings) {
    const { reading } = fact
    if (reading.says !== 'refunded' || asked.some((refund) => fits(fact, refund, currency))) continue
    const number = 'refund' in reading.about ? reading.about.refund : (reading.states?.reference ?? '')
    const id = `psp:${fact.attempt}:${number}`
    const amount = reading.states?.amount
    const amountMinor = amount === undefined || amount === 'as ordered' ? ordered : amount.amountMinor
    const { reference } = reading.states ?? {}
    const named = reference === undefined ? {} : { bankReference: reference }
    if (!found.has(id))
      found.set(id, { id, attempt: fact.attempt, amountMinor, status: 'done', origin: 'psp', ...named })
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What of an attempt's money is already on its way back or promised to be: done, sent, unknown or requested. */
const committedMinor = (refunds: readonly RefundState[], attempt: AttemptId): number =>
  refunds
    .filter((refund) => refund.status !== 'failed' && refund.attempt === attempt)
    .reduce((total, refund) => total + refund.amountMinor, 0)

/** What of an attempt's money can still be promised back. */
export const leftMinor = (
  { order, refunds }: Pick<PaymentState, 'order' | 'refunds'>,
  attempt: AttemptState,
): number => {
  const paid = attempt.status === 'executed' ? order.amount.amountMinor : 0
  return Math.max(0, paid - attempt.reversedMinor - committedMinor(refunds, attempt.id))
}

/**
 * Whether a promised refund can still be made without more going back than was paid: one that had failed may be done after all beside
 * another in its place, or the bank have paid back by itself. What may have gone back comes first, then what waits, the oldest first.
 */
export const stillFits = ({ order, attempts, refunds }: PaymentState, wanted: RefundState): boolean => {
  const reversedMinor = attempts.find(({ id }) => id === wanted.attempt)?.reversedMinor ?? 0
  const promised = refunds.filter(({ attempt, status }) => attempt === wanted.attempt && status !== 'failed')
  const gone = promised.filter((refund) => !isWaiting(refund))
  let left = gone.reduce((minor, { amountMinor }) => minor - amountMinor, order.amount.amountMinor - reversedMinor)
  if (!isWaiting(wanted)) return left >= 0
  for (const { id, amountMinor } of promised.filter(isWaiting)) {
    const fits = amountMinor <= left
    if (id === wanted.id) return fits
    if (fits) left -= amountMinor
  }
  return false
}

/** Surely not sent, and the hub's to send: what a person has may have been made by that person. */
const isWaiting = ({ status, handed }: RefundState): boolean => status === 'requested' && !handed

/**
 * Hearing cannot be refused, so a refund that had failed may be done after all beside another in its place. A ruling names the sum that it
 * settles; a further one asks again.
 */
export const tooMuchBackOf = (
  facts: readonly Fact[],
  attempts: readonly AttemptState[],
  refunds: readonly RefundState[],
): NonNullable<PaymentState['tooMuchBack']> => {
  const paidMinor = only(facts, 'ordered')[0]?.amount.amountMinor ?? 0
  const settled = new Set(only(facts, 'ruled').flatMap((ruling) => (ruling.as === 'settled' ? ruling.facts : [])))
  return attempts.flatMap(({ id: attempt, status, reversedMinor }) => {
    const done = refunds.filter((refund) => refund.attempt === attempt && refund.status === 'done')
    const backMinor = done.reduce((sum, { amountMinor }) => sum + amountMinor, reversedMinor)
    const tooMuch = status === 'executed' && backMinor > paidMinor && !settled.has(backFact(attempt, backMinor))
    return tooMuch ? [{ attempt, backMinor }] : []
  })
}
/** How a ruling names what went back. */
export const backFact = (attempt: AttemptId, backMinor: number): string => `back:${attempt}:${backMinor}`

/** More parts than anyone pays back; keeps a payment and its notice small (< 20 kB). */
export const MAX_REFUNDS = 10

export type Wanted = { readonly attempt?: string | undefined; readonly amountMinor?: number | undefined }
export type NotRefundable = {
  readonly code: 'not_paid' | 'unknown_attempt' | 'too_many_refunds' | 'attempt_needed' | 'exceeds_paid'
  /** The most that one refund could be. */
  readonly mostMinor: number
}

/** Which attempt's money goes back, and how much: where none is named, the first one with enough left; without an amount, all that is left. */
export const chooseRefund = (
  state: PaymentState,
  { attempt: named, amountMinor }: Wanted,
): Result<{ readonly attempt: AttemptState; readonly amountMinor: number }, NotRefundable> => {
  const asked = state.attempts.filter((attempt) => named === undefined || attempt.id === named)
  const withMoney = asked.filter((attempt) => leftMinor(state, attempt) > 0)
  const mostMinor = Math.max(0, ...withMoney.map((attempt) => leftMinor(state, attempt)))
  const refuse = (code: NotRefundable['code']) => fail({ code, mostMinor })
  if (named !== undefined && asked.length === 0) return refuse('unknown_attempt')
  if (!asked.some((attempt) => attempt.status === 'executed')) return refuse('not_paid')
  if (state.refunds.filter((refund) => refund.origin === 'e-service').length >= MAX_REFUNDS) {
    return refuse('too_many_refunds')
  }
  if (amountMinor === undefined && withMoney.length > 1) return refuse('attempt_needed')
  const attempt = withMoney.find((one) => leftMinor(state, one) >= (amountMinor ?? 1))
  return attempt ? ok({ attempt, amountMinor: amountMinor ?? leftMinor(state, attempt) }) : refuse('exceeds_paid')
}
