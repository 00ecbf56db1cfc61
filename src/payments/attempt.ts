import type { Reading, States } from '../channels/channel.ts'
import type { Money } from '../kernel/money.ts'
import { sameMoney } from '../kernel/money.ts'
import type {
  AttemptState,
  AttemptStatus,
  BegunAgainFact,
  BegunFact,
  Fact,
  Flag,
  OrderedFact,
  OutcomeFact,
  PlanEndedFact,
  ReadingFact,
  RuledFact,
} from './facts.ts'
import { SOURCES } from './facts.ts'

/** The facts about one attempt, and what was ordered. */
export type Evidence = {
  readonly order: OrderedFact
  readonly begun: BegunFact
  readonly again: readonly BegunAgainFact[]
  /** Trusted readings, strongest source first: statement, enquiry, notice, return; then the PSP's own time, then the digest. */
  readonly readings: readonly ReadingFact[]
  readonly outcomes: readonly OutcomeFact[]
  readonly ended: PlanEndedFact | undefined
  readonly rulings: readonly RuledFact[]
  readonly left: boolean
}

export type Mismatch = Extract<Flag, `${string}_mismatch`>

const rank = (fact: ReadingFact): number => SOURCES.indexOf(fact.source)
const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

/** Which of two readings is shown where they differ: never the one that merely came later. */
export const byStrength = (a: ReadingFact, b: ReadingFact): number =>
  compare(rank(a), rank(b)) ||
  compare(b.reading.states?.at ?? 0, a.reading.states?.at ?? 0) ||
  compare(a.digest, b.digest) ||
  compare(a.key, b.key)

const isAboutRefund = (reading: Reading): boolean => 'refund' in reading.about
const HINTS: readonly Reading['says'][] = ['untrusted', 'ask', 'nothing']

/** The facts of one kind. */
export const only = <Kind extends Fact['fact']>(facts: readonly Fact[], kind: Kind): Extract<Fact, { fact: Kind }>[] =>
  facts.filter((fact): fact is Extract<Fact, { fact: Kind }> => fact.fact === kind)

/** Collects what is known of one attempt from the whole set. */
export const evidenceOf = (order: OrderedFact, begun: BegunFact, facts: readonly Fact[]): Evidence => {
  const own = facts.filter((fact) => 'attempt' in fact && fact.attempt === begun.attempt)
  return {
    order,
    begun,
    again: only(own, 'begun_again'),
    readings: only(own, 'reading')
      .filter(({ reading }) => !isAboutRefund(reading))
      .sort(byStrength),
    outcomes: only(own, 'outcome'),
    ended: only(own, 'plan_ended')[0],
    rulings: only(own, 'ruled'),
    left: only(own, 'left').length > 0,
  }
}

const stated = (amount: States['amount'], ordered: Money): Money | undefined =>
  amount === 'as ordered' ? ordered : amount

/** What each echoed name must come back as; a name that nothing told yet has no values. */
const expectedEcho = ({ begun, again, outcomes }: Evidence, name: string): readonly string[] =>
  [begun, ...again, ...outcomes].map((fact) => fact.echo?.[name]).filter((text) => text !== undefined)

const echoDiffers = (echo: Readonly<Record<string, string>>, evidence: Evidence): boolean =>
  Object.entries(echo).some(([name, value]) => {
    const expected = expectedEcho(evidence, name)
    return expected.length > 0 && !expected.includes(value)
  })

const normalAccount = (account: string): string => account.replaceAll(/\s/g, '').toUpperCase()

/** In what a reading differs from the order. Money that goes back is compared with refunds instead. */
const mismatchesOf = (reading: Reading, evidence: Evidence): readonly Mismatch[] => {
  if (reading.says === 'refunded' || HINTS.includes(reading.says)) return []
  const { states } = reading
  const ordered = evidence.order.amount
  // A part of the money may go back.
  const amount = reading.says === 'reversed' ? undefined : stated(states?.amount, ordered)
  const found: Mismatch[] = []
  if (amount && amount.currency !== ordered.currency) found.push('currency_mismatch')
  else if (amount && !sameMoney(amount, ordered)) found.push('amount_mismatch')
  // One that is stated as nothing is stated: a PSP that names no account leaves it out.
  if (states?.payee !== undefined && normalAccount(states.payee) !== normalAccount(evidence.begun.payee.iban)) {
    found.push('payee_mismatch')
  }
  if (states?.echo && echoDiffers(states.echo, evidence)) found.push('echo_mismatch')
  return found
}

/** An echo that cannot be compared yet confirms nothing; once it can, it either confirms or is a mismatch. */
const echoConfirmed = ({ states }: Reading, evidence: Evidence): boolean =>
  Object.entries(states?.echo ?? {}).every(([name, value]) => expectedEcho(evidence, name).includes(value))

/** Readings that belong to this very order: one for another account or with a foreign echo says nothing about it. */
const isOurs = (reading: Reading, evidence: Evidence): boolean =>
  !mismatchesOf(reading, evidence).some((kind) => kind === 'payee_mismatch' || kind === 'echo_mismatch')

export const says = (evidence: Evidence, ...words: readonly Reading['says'][]): readonly ReadingFact[] =>
  evidence.readings.filter(({ reading }) => words.includes(reading.says) && isOurs(reading, evidence))

const agrees = (reading: Reading, evidence: Evidence): boolean =>
  mismatchesOf(reading, evidence).length === 0 && echoConfirmed(reading, evidence)

const confirmsAmount = (reading: Reading, evidence: Evidence): boolean =>
  reading.says !== 'refunded' &&
  reading.says !== 'reversed' &&
  !HINTS.includes(reading.says) &&
  reading.states?.amount !== undefined &&
  agrees(reading, evidence)

/** Paid and the amount are both confirmed, by one reading or by two; or a person ruled so. Monotone: no further fact takes it back. */
const isExecuted = (evidence: Evidence): boolean =>
  evidence.rulings.some((ruling) => ruling.as === 'paid') ||
  (evidence.readings.some(({ reading }) => reading.says === 'paid' && agrees(reading, evidence)) &&
    evidence.readings.some(({ reading }) => confirmsAmount(reading, evidence)))

/** The PSP has spoken of the attempt; hints and forgeries are not its word. */
const wasHeardOf = ({ readings }: Evidence): boolean => readings.some(({ reading }) => !HINTS.includes(reading.says))

const neverBegan = (evidence: Evidence): boolean => {
  const { outcomes, begun } = evidence
  const results = outcomes.filter((outcome) => outcome.of === 'begin').map((outcome) => outcome.result)
  if (results.includes('answered') || wasHeardOf(evidence)) return false
  if (results.includes('unknown')) return begun.plan.unansweredBegin === 'dead'
  return results.includes('not_sent') || results.includes('turned_down')
}

const beginIsUnknown = (evidence: Evidence): boolean =>
  !wasHeardOf(evidence) &&
  evidence.outcomes.some((outcome) => outcome.of === 'begin' && outcome.result === 'unknown') &&
  !evidence.outcomes.some((outcome) => outcome.of === 'begin' && outcome.result === 'answered')

const saidPaid = ({ readings }: Evidence): boolean => readings.some(({ reading }) => reading.says === 'paid')

/** From the strongest reading that ended the attempt without money, else from our own call, else from a person. */
const refusalOf = (evidence: Evidence): AttemptState['reason'] => {
  for (const { reading } of says(evidence, 'refused', 'reversed')) {
    if (reading.says === 'refused') return reading.reason
    if (!saidPaid(evidence)) return 'reversed'
  }
  if (neverBegan(evidence)) return 'not_begun'
  return evidence.rulings.some((ruling) => ruling.as === 'not_paid') ? 'ruled_not_paid' : undefined
}

const isAccepted = (evidence: Evidence): boolean => says(evidence, 'accepted').length > 0 || saidPaid(evidence)

/** The first row that holds. */
const statusOf = (evidence: Evidence, reason: AttemptState['reason']): AttemptStatus => {
  if (isExecuted(evidence)) return 'executed'
  if (reason) return 'refused'
  if (isAccepted(evidence)) return 'accepted'
  const unknown = beginIsUnknown(evidence)
  const { ended } = evidence
  if (ended?.finding === 'not_paid' || (ended?.finding === 'cannot_ask' && !unknown && !evidence.begun.plan.canAsk))
    return 'lapsed'
  return unknown ? 'unknown' : 'started'
}

const MAY_BE_PAID: readonly AttemptStatus[] = ['started', 'accepted', 'unknown']

/** Money that went back without a refund: the largest statement of each of the PSP's references, never more than was paid. */
const reversedMinorOf = (evidence: Evidence): number => {
  const largest = new Map<string, number>()
  for (const { reading } of says(evidence, 'reversed')) {
    const reference = reading.states?.reference ?? ''
    const amount = stated(reading.states?.amount, evidence.order.amount) ?? evidence.order.amount
    largest.set(reference, Math.max(largest.get(reference) ?? 0, amount.amountMinor))
  }
  const sum = [...largest.values()].reduce((total, amountMinor) => total + amountMinor, 0)
  return Math.min(sum, evidence.order.amount.amountMinor)
}

const askedOf = (evidence: Evidence): AttemptState['asked'] => {
  const asked = evidence.outcomes.filter((outcome) => outcome.of === 'enquire')
  const answered = asked.filter(({ result }) => result === 'answered')
  const lastOf = (some: typeof asked): number => Math.max(...some.map(({ at }) => at))
  if (asked.length === 0) return { times: 0 }
  return {
    times: asked.length,
    lastAt: lastOf(asked),
    ...(answered.length > 0 ? { answeredAt: lastOf(answered) } : {}),
  }
}

/** What the PSP said, each detail from the strongest reading that states it. */
const detailsOf = (
  evidence: Evidence,
  status: AttemptState['status'],
): Pick<AttemptState, 'bankReference' | 'paidAt' | 'payer'> => {
  const ours = evidence.readings
    .map((fact) => fact.reading)
    .filter((reading) => !HINTS.includes(reading.says) && isOurs(reading, evidence))
  const first = <Value>(pick: (reading: Reading) => Value | undefined): Value | undefined => {
    for (const reading of ours) {
      const value = pick(reading)
      if (value !== undefined) return value
    }
    return undefined
  }
  const bankReference = first((reading) => reading.states?.reference)
  const saidAt = (says: Reading['says']) => first((reading) => (reading.says === says ? reading.states?.at : undefined))
  // Where a bank accepts first and states no time when it executes (SEB), the payment's time is that of the first.
  const paidAt = saidAt('paid') ?? (status === 'executed' ? saidAt('accepted') : undefined)
  const name = first((reading) => reading.payer?.name)
  const account = first((reading) => reading.payer?.account)
  const bank = first((reading) => reading.payer?.bank)
  const payer = { ...(name ? { name } : {}), ...(account ? { account } : {}), ...(bank ? { bank } : {}) }
  return {
    ...(bankReference ? { bankReference } : {}),
    ...(paidAt === undefined ? {} : { paidAt }),
    ...(Object.keys(payer).length > 0 ? { payer } : {}),
  }
}

/** A paid that confirms nothing beside a refusal must not vanish: it contradicts the refusal. */
export const contradictions = (evidence: Evidence, status: AttemptStatus): readonly ReadingFact[] => {
  if (status === 'executed') {
    return says(evidence, 'refused').filter(
      ({ reading }) => reading.says === 'refused' && reading.reason !== 'cancelled_by_payer',
    )
  }
  return status === 'refused' ? says(evidence, 'paid') : []
}

/** A person ruled that no money came, and the bank confirms it: neither word may vanish. Who ruled it paid too has taken the first word back. */
export const denials = ({ rulings }: Evidence, status: AttemptStatus): readonly RuledFact[] =>
  status !== 'executed' || rulings.some(({ as }) => as === 'paid') ? [] : rulings.filter(({ as }) => as === 'not_paid')

/** A person has yet to say what a mismatch, or a paid beside a refusal, means: till then money may be on its way. */
const isDisputed = (evidence: Evidence, status: AttemptStatus, settled: Settled): boolean =>
  mismatches(evidence).some(({ flag, fact }) => !settled(flag, fact)) ||
  (status === 'refused' && contradictions(evidence, status).some(({ key }) => !settled('contradiction', key)))

/** Evidence of each mismatch: the keys of the readings that state it. */
export const mismatches = (evidence: Evidence): readonly { readonly flag: Mismatch; readonly fact: string }[] =>
  evidence.readings.flatMap(({ key, reading }) => mismatchesOf(reading, evidence).map((flag) => ({ flag, fact: key })))

/** Two different numbers of one kind in this attempt's paid readings are two payments. */
export const paidReferences = (evidence: Evidence): readonly string[] => {
  const kinds = new Map<string, Set<string>>()
  for (const { reading } of says(evidence, 'paid')) {
    const { reference, referenceKind = '' } = reading.states ?? {}
    if (reference) kinds.set(referenceKind, (kinds.get(referenceKind) ?? new Set()).add(reference))
  }
  return [...kinds].flatMap(([kind, names]) =>
    names.size < 2 ? [] : [...names].sort().map((name) => `${evidence.begun.attempt}#${kind}:${name}`),
  )
}

/** Whether a person has dealt with what raised a flag. */
type Settled = (flag: Flag, fact: string) => boolean

/** What the facts of one attempt say. `settled` tells whether a person has dealt with a flag's fact. */
export const attemptOf = (evidence: Evidence, settled: Settled): AttemptState => {
  const { begun, again, left, ended, readings } = evidence
  const reason = refusalOf(evidence)
  const status = statusOf(evidence, reason)
  const plan = [begun, ...again].reduce(
    (latest, fact) => (fact.plan.endsAt > latest.endsAt ? fact.plan : latest),
    begun.plan,
  )
  const returns = readings.filter((fact) => fact.source === 'return').map((fact) => fact.at)
  return {
    id: begun.attempt,
    number: begun.number,
    offer: begun.offer,
    agreement: begun.agreement,
    channel: begun.channel,
    begunAt: begun.at,
    begunTimes: 1 + again.length,
    status,
    ...(status === 'refused' && reason ? { reason } : {}),
    left,
    mayStillBePaid: MAY_BE_PAID.includes(status) || isDisputed(evidence, status, settled),
    ...detailsOf(evidence, status),
    reversedMinor: status === 'executed' ? reversedMinorOf(evidence) : 0,
    plan,
    planEnded: ended !== undefined,
    asked: askedOf(evidence),
    ...(returns.length > 0 ? { returnedAt: Math.min(...returns) } : {}),
  }
}
