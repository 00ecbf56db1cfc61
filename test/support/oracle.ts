import type { PayerAtPsp, States } from '../../src/channels/channel.ts'
import type { AttemptId } from '../../src/kernel/ids.ts'
import type {
  AttemptState,
  AttemptStatus,
  BegunFact,
  Fact,
  Flag,
  OrderedFact,
  PaymentState,
  PaymentStatus,
  ReadingFact,
  RefundAskedFact,
  RefundStatus,
} from '../../src/payments/facts.ts'

/**
 * The rule book a second time, written from the page and not from the code, row by row and without thought of speed: what a set of facts
 * says. Rulings that settle a flag are left out of it; they have tests of their own.
 */
export type Verdict = {
  readonly status: PaymentStatus
  readonly closing: PaymentState['closing']
  readonly flags: readonly Flag[]
  readonly attempts: readonly AttemptVerdict[]
  readonly paidMinor: number
  readonly refundedMinor: number
  readonly refunds: readonly string[]
}

export type AttemptVerdict = {
  readonly id: AttemptId
  readonly status: AttemptStatus
  readonly reason: AttemptState['reason']
  readonly mayStillBePaid: boolean
  readonly bankReference: string | undefined
  readonly paidAt: number | undefined
  readonly payer: PayerAtPsp | undefined
}

/** What the state shows, cut to what the oracle tells. */
export const verdictOf = (state: PaymentState): Verdict => ({
  status: state.status,
  closing: state.closing,
  flags: state.attention.map((attention) => attention.flag).sort(),
  attempts: state.attempts.map((attempt) => ({
    id: attempt.id,
    status: attempt.status,
    reason: attempt.reason,
    mayStillBePaid: attempt.mayStillBePaid,
    bankReference: attempt.bankReference,
    paidAt: attempt.paidAt,
    payer: attempt.payer,
  })),
  paidMinor: state.paidMinor,
  refundedMinor: state.refundedMinor,
  refunds: state.refunds.map((refund) => `${refund.origin} ${refund.status} ${refund.amountMinor}`).sort(),
})

export const whatThePageSays = (all: readonly Fact[]): Verdict => {
  const facts = [...new Map(all.map((fact) => [fact.key, fact])).values()]
  const order = facts.find((fact) => fact.fact === 'ordered')
  if (!order) throw new Error('no order')
  const cases = facts.flatMap((fact) => (fact.fact === 'begun' ? [caseOf(order, fact, facts)] : []))
  cases.sort((a, b) => a.begun.at - b.begun.at)
  const refunds = refundsSaid(facts, order)
  const executed = cases.filter((one) => statusSaid(one) === 'executed')
  const status = paymentStatusSaid(facts, order, cases)
  const asked = facts.find((fact) => fact.fact === 'closing_asked')
  const over = ['executed', 'refused', 'cancelled', 'expired'].includes(status)
  return {
    status,
    closing: asked && !over ? asked.as : undefined,
    flags: flagsSaid(facts, cases, executed, refunds).sort(),
    attempts: cases.map(attemptSaid),
    paidMinor: executed.length * order.amount.amountMinor,
    refundedMinor: refunds.reduce((sum, refund) => sum + (refund.status === 'done' ? refund.amountMinor : 0), 0),
    refunds: refunds.map((refund) => `${refund.origin} ${refund.status} ${refund.amountMinor}`).sort(),
  }
}

// ------------------------------------------------------------------------------------------------------------------------- attempts

type Case = {
  readonly order: OrderedFact
  readonly begun: BegunFact
  readonly facts: readonly Fact[]
  /** Verified readings of the attempt itself: neither hints, nor forged, nor about a refund. */
  readonly readings: readonly ReadingFact[]
}

const caseOf = (order: OrderedFact, begun: BegunFact, all: readonly Fact[]): Case => {
  const facts = all.filter((fact) => 'attempt' in fact && fact.attempt === begun.attempt)
  const readings = facts.filter(
    (fact): fact is ReadingFact =>
      fact.fact === 'reading' &&
      !('refund' in fact.reading.about) &&
      !['untrusted', 'ask', 'nothing'].includes(fact.reading.says),
  )
  return { order, begun, facts, readings }
}

const amountIs = (
  states: States | undefined,
  { amount }: OrderedFact,
): 'right' | 'other' | 'other currency' | 'not stated' => {
  const stated = states?.amount
  if (stated === undefined) return 'not stated'
  if (stated === 'as ordered') return 'right'
  if (stated.currency !== amount.currency) return 'other currency'
  return stated.amountMinor === amount.amountMinor ? 'right' : 'other'
}

const payeeDiffers = (states: States | undefined, { begun }: Case): boolean =>
  states?.payee !== undefined && states.payee.replaceAll(' ', '').toUpperCase() !== begun.payee.iban

/** Whether what came back is what was to come back; undecided while no answer of the PSP has told what that is. */
const echoIs = (states: States | undefined, { facts }: Case): 'equal' | 'differs' | 'undecided' => {
  const names = Object.entries(states?.echo ?? {})
  const expected = (name: string) => facts.flatMap((fact) => ('echo' in fact ? (fact.echo?.[name] ?? []) : []))
  if (names.some(([name, value]) => expected(name).length > 0 && !expected(name).includes(value))) return 'differs'
  return names.every(([name]) => expected(name).length > 0) ? 'equal' : 'undecided'
}

/** Another's message: it raises its flag and says nothing of this attempt. */
const misdirected = (fact: ReadingFact, one: Case): boolean =>
  fact.reading.says !== 'refunded' &&
  (payeeDiffers(fact.reading.states, one) || echoIs(fact.reading.states, one) === 'differs')

const readingsThatSay = (one: Case, says: string): readonly ReadingFact[] =>
  one.readings.filter((fact) => fact.reading.says === says && !misdirected(fact, one))

/** Readings that may confirm: of this very order, and sure to be. */
const confirming = (one: Case): readonly ReadingFact[] =>
  one.readings.filter((fact) => !payeeDiffers(fact.reading.states, one) && echoIs(fact.reading.states, one) === 'equal')

const isRuled = (one: Case, as: 'paid' | 'not_paid'): boolean =>
  one.facts.some((fact) => fact.fact === 'ruled' && fact.as === as)

const beginResults = (one: Case): readonly string[] =>
  one.facts.flatMap((fact) => (fact.fact === 'outcome' && fact.of === 'begin' ? [fact.result] : []))

const begunForSure = (one: Case): boolean => beginResults(one).includes('answered') || one.readings.length > 0

const neverBegan = (one: Case): boolean => {
  const results = beginResults(one)
  if (begunForSure(one) || results.length === 0) return false
  return results.includes('unknown') ? one.begun.plan.unansweredBegin === 'dead' : true
}

const mayHaveReached = (one: Case): boolean =>
  !begunForSure(one) && beginResults(one).includes('unknown') && one.begun.plan.unansweredBegin === 'unknown'

const paidIsConfirmed = (one: Case): boolean =>
  confirming(one).some(
    ({ reading }) => reading.says === 'paid' && ['right', 'not stated'].includes(amountIs(reading.states, one.order)),
  )

const amountIsConfirmed = (one: Case): boolean =>
  confirming(one).some(
    ({ reading }) =>
      reading.says !== 'refunded' && reading.says !== 'reversed' && amountIs(reading.states, one.order) === 'right',
  )

const finding = (one: Case): string | undefined => {
  const ended = one.facts.find((fact) => fact.fact === 'plan_ended')
  return ended?.finding === 'cannot_ask' && one.begun.plan.canAsk ? 'no_answer' : ended?.finding
}

const ATTEMPT_ROWS: readonly (readonly [AttemptStatus, (one: Case) => boolean])[] = [
  ['executed', (one) => (paidIsConfirmed(one) && amountIsConfirmed(one)) || isRuled(one, 'paid')],
  ['refused', (one) => reasonSaid(one) !== undefined],
  ['accepted', (one) => readingsThatSay(one, 'accepted').length > 0 || says(one, 'paid')],
  ['lapsed', (one) => finding(one) === 'not_paid' || (finding(one) === 'cannot_ask' && !mayHaveReached(one))],
  ['unknown', mayHaveReached],
  ['started', () => true],
]

const says = (one: Case, word: string): boolean => one.readings.some(({ reading }) => reading.says === word)

const statusSaid = (one: Case): AttemptStatus => {
  for (const [status, holds] of ATTEMPT_ROWS) if (holds(one)) return status
  return 'started'
}

const reasonSaid = (one: Case): AttemptState['reason'] => {
  const reversed = says(one, 'paid') ? [] : readingsThatSay(one, 'reversed')
  const strongest = strongestFirst([...readingsThatSay(one, 'refused'), ...reversed])[0]?.reading
  if (strongest) return strongest.says === 'refused' ? strongest.reason : 'reversed'
  if (neverBegan(one)) return 'not_begun'
  return isRuled(one, 'not_paid') ? 'ruled_not_paid' : undefined
}

const mismatchesSaid = (one: Case): readonly Flag[] =>
  one.readings.flatMap(({ reading: { says: word, states } }): readonly Flag[] => {
    if (word === 'refunded') return []
    const amount = word === 'reversed' ? 'not stated' : amountIs(states, one.order)
    return [
      ...(amount === 'other' ? ['amount_mismatch' as const] : []),
      ...(amount === 'other currency' ? ['currency_mismatch' as const] : []),
      ...(payeeDiffers(states, one) ? ['payee_mismatch' as const] : []),
      ...(echoIs(states, one) === 'differs' ? ['echo_mismatch' as const] : []),
    ]
  })

const strongestFirst = (readings: readonly ReadingFact[]): readonly ReadingFact[] => {
  const sources = ['statement', 'enquiry', 'notice', 'return']
  const strength = (fact: ReadingFact) => sources.indexOf(fact.source)
  return [...readings].sort(
    (a, b) =>
      strength(a) - strength(b) ||
      (b.reading.states?.at ?? 0) - (a.reading.states?.at ?? 0) ||
      a.digest.localeCompare(b.digest) ||
      a.key.localeCompare(b.key),
  )
}

const paidButRefused = (one: Case): boolean => statusSaid(one) === 'refused' && readingsThatSay(one, 'paid').length > 0

const attemptSaid = (one: Case): AttemptVerdict => {
  const status = statusSaid(one)
  const ours = strongestFirst(one.readings.filter((fact) => !misdirected(fact, one))).map(({ reading }) => reading)
  const timeSaid = (says: string) =>
    ours.find((reading) => reading.says === says && reading.states?.at !== undefined)?.states?.at
  const detail = (name: keyof PayerAtPsp) => ours.find((reading) => reading.payer?.[name])?.payer?.[name]
  const payer = Object.fromEntries(
    (['name', 'account', 'bank'] as const).flatMap((name) => (detail(name) ? [[name, detail(name)]] : [])),
  )
  return {
    id: one.begun.attempt,
    status,
    reason: status === 'refused' ? reasonSaid(one) : undefined,
    // A paid beside a refusal waits for a person like a mismatch: nobody should pay a second time meanwhile.
    mayStillBePaid:
      ['started', 'accepted', 'unknown'].includes(status) || mismatchesSaid(one).length > 0 || paidButRefused(one),
    bankReference: ours.find((reading) => reading.states?.reference)?.states?.reference,
    paidAt: timeSaid('paid') ?? (status === 'executed' ? timeSaid('accepted') : undefined),
    payer: Object.keys(payer).length > 0 ? payer : undefined,
  }
}

// -------------------------------------------------------------------------------------------------------------------------- payment

const paymentStatusSaid = (facts: readonly Fact[], order: OrderedFact, cases: readonly Case[]): PaymentStatus => {
  const statuses = cases.map(statusSaid)
  const closed = facts.find((fact) => fact.fact === 'closed')
  const rows: readonly (readonly [PaymentStatus, boolean])[] = [
    ['executed', statuses.includes('executed')],
    ...(['refused', 'cancelled', 'expired'] as const).map((kind) => [kind, closed?.as === kind] as const),
    ['refused', order.attempts === 'one' && statuses[0] === 'refused'],
    ['accepted', statuses.includes('accepted')],
    ['started', statuses.includes('started') || statuses.includes('unknown')],
  ]
  return rows.find(([, holds]) => holds)?.[0] ?? 'open'
}

const namesTwoReferences = (one: Case): boolean => {
  const paid = readingsThatSay(one, 'paid').map(({ reading }) => reading.states ?? {})
  return paid.some((a) =>
    paid.some((b) => a.reference && b.reference && a.reference !== b.reference && a.referenceKind === b.referenceKind),
  )
}

const flagsSaid = (
  facts: readonly Fact[],
  cases: readonly Case[],
  executed: readonly Case[],
  refunds: readonly RefundSaid[],
): Flag[] => {
  const finallyRefused = (one: Case) =>
    readingsThatSay(one, 'refused').some(
      ({ reading }) => reading.says === 'refused' && reading.reason !== 'cancelled_by_payer',
    )
  /** A person refused it for good, and has not said otherwise since. */
  const denied = (one: Case) => isRuled(one, 'not_paid') && !isRuled(one, 'paid')
  /** Late success is never ignored, though it is not confirmed (R2 of product.md). */
  const wentBack = (one: Case) =>
    readingsThatSay(one, 'reversed').length > 0 ||
    refunds.some((refund) => refund.origin === 'psp' && refund.attempt === one.begun.attempt)
  const isStuck = (one: Case) =>
    finding(one) !== undefined &&
    (['accepted', 'unknown'].includes(statusSaid(one)) ||
      (statusSaid(one) === 'started' && finding(one) === 'no_answer'))
  const raised: readonly (readonly [Flag, boolean])[] = [
    ['paid_late', executed.length > 0 && facts.some((fact) => fact.fact === 'closed')],
    [
      'paid_twice',
      executed.length > 1 ||
        executed.some(namesTwoReferences) ||
        (executed.length > 0 && facts.some((fact) => fact.fact === 'twin')),
    ],
    ['contradiction', executed.some(finallyRefused) || executed.some(denied) || cases.some(paidButRefused)],
    ['reversed', executed.some(wentBack)],
    ['stuck', cases.some(isStuck)],
  ]
  return [...new Set([...raised.flatMap(([flag, holds]) => (holds ? [flag] : [])), ...cases.flatMap(mismatchesSaid)])]
}

// -------------------------------------------------------------------------------------------------------------------------- refunds

type RefundSaid = {
  readonly attempt: AttemptId
  readonly amountMinor: number
  readonly status: RefundStatus
  readonly origin: 'e-service' | 'psp'
}

const refundsSaid = (facts: readonly Fact[], order: OrderedFact): readonly RefundSaid[] => {
  const asked = facts.filter((fact): fact is RefundAskedFact => fact.fact === 'refund_asked')
  const readings = facts.filter((fact): fact is ReadingFact => fact.fact === 'reading')
  const names = ({ reading: { about } }: ReadingFact, refund: RefundAskedFact) =>
    'refund' in about && (about.refund === refund.refund || about.refund === refund.number)
  const fits = (fact: ReadingFact, refund: RefundAskedFact) => {
    const amount = fact.reading.states?.amount
    const same = amount === undefined || amount === 'as ordered'
    const equal = !same && amount.amountMinor === refund.amountMinor && amount.currency === order.amount.currency
    return names(fact, refund) && (same || equal)
  }
  const ours = asked.map((refund): RefundSaid => {
    const told = (says: string) =>
      readings.some(
        (fact) => fact.reading.says === says && (says === 'refunded' ? fits(fact, refund) : names(fact, refund)),
      )
    const results = facts.flatMap((fact) =>
      fact.fact === 'outcome' && fact.refund === refund.refund ? [fact.result] : [],
    )
    const ruled = (as: string) =>
      facts.some((fact) => fact.fact === 'ruled' && fact.refund === refund.refund && fact.as === as)
    const rows: readonly (readonly [RefundStatus, boolean])[] = [
      ['done', told('refunded') || ruled('refund_done')],
      ['failed', told('refused') || ruled('refund_failed')],
      ['sent', told('accepted') || told('waiting') || results.includes('answered')],
      ['unknown', results.includes('unknown')],
      ['failed', results.includes('turned_down') || facts.some((fact) => fact.key === `withheld:${refund.refund}`)],
    ]
    const status = rows.find(([, holds]) => holds)?.[0] ?? 'requested'
    return { attempt: refund.attempt, amountMinor: refund.amountMinor, status, origin: 'e-service' }
  })
  const theirs = strongestFirst(readings).filter(
    (fact) => fact.reading.says === 'refunded' && !asked.some((refund) => fits(fact, refund)),
  )
  const found = new Map<string, RefundSaid>()
  for (const { attempt, reading } of theirs) {
    const name = 'refund' in reading.about ? reading.about.refund : reading.states?.reference
    const amount = reading.states?.amount
    const { amountMinor } = amount === undefined || amount === 'as ordered' ? order.amount : amount
    const key = `${attempt} ${name}`
    if (!found.has(key)) found.set(key, { attempt, amountMinor, status: 'done', origin: 'psp' })
  }
  return [...ours, ...found.values()]
}
