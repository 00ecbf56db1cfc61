import { createHash } from 'node:crypto'
import type { Reading, RefusalReason, States } from '../../src/channels/channel.ts'
import type { AttemptId } from '../../src/kernel/ids.ts'
import type { Money } from '../../src/kernel/money.ts'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../../src/kernel/time.ts'
import type {
  BegunFact,
  CallResult,
  ClosedFact,
  ClosingKind,
  Fact,
  OrderedFact,
  OutcomeFact,
  Plan,
  PlanEndedFact,
  ReadingFact,
  RefundAskedFact,
  RefundHandedFact,
  RefundWithheldFact,
  RuledFact,
  Source,
} from '../../src/payments/facts.ts'

/** Facts of one invented payment, for tests of the heart. All money and people here are made up. */

export const START: Instant = 1_800_000_000_000
export const EXPIRES: Instant = START + 30 * DAY_MS
export const AMOUNT: Money = { amountMinor: 1_234, currency: 'EUR' }
export const LESS: Money = { amountMinor: 1_233, currency: 'EUR' }
export const MORE: Money = { amountMinor: 12_340, currency: 'EUR' }
export const OTHER_CURRENCY: Money = { amountMinor: 1_234, currency: 'SEK' }
export const PAYEE = { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' }
export const FOREIGN_IBAN = 'LV50UNLA0000000000002'

export const ordered = (attempts: OrderedFact['attempts'] = 'many'): OrderedFact => ({
  fact: 'ordered',
  key: 'ordered',
  at: START,
  payment: 'pay_1',
  amount: AMOUNT,
  description: { en: 'Property tax 2026' },
  reference: 'NIN-2026-000123',
  attempts,
  expiresAt: EXPIRES,
})

/** A bank that can be asked 15 minutes after the beginning and for the last time an hour later. */
export const planFrom = (from: Instant, over: Partial<Plan> = {}): Plan => ({
  askAt: from + 15 * MINUTE_MS,
  endsAt: from + HOUR_MS,
  canAsk: true,
  unansweredBegin: 'unknown',
  returnedMs: 10_000,
  askedMs: [10 * MINUTE_MS, 2 * HOUR_MS],
  ...over,
})

export const begun = (attempt: AttemptId, over: Partial<BegunFact> & { readonly terms?: Partial<Plan> } = {}): Fact => {
  const { terms, ...rest } = over
  const at = rest.at ?? START
  return {
    fact: 'begun',
    key: `begun:${attempt}`,
    at,
    attempt,
    number: attempt.slice(4),
    offer: 'A',
    agreement: 'liepkalni-a',
    channel: 'bank-a',
    payee: PAYEE,
    plan: planFrom(at, terms),
    ...rest,
  }
}

const digestOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)

/** The same reading from the same source is the same fact, whenever heard; `copy` tells apart two messages of equal content. */
export const read = (
  attempt: AttemptId,
  source: Source,
  reading: Reading,
  at: Instant = START + MINUTE_MS,
  copy = 0,
): ReadingFact => {
  const digest = digestOf(attempt, reading, copy)
  return { fact: 'reading', key: `rd:${source}:${digest}:0`, at, attempt, source, digest, reading }
}

/** A reading about the attempt whose number the message names. */
export const saying = (
  attempt: AttemptId,
  says: Exclude<Reading['says'], 'refused' | 'untrusted'>,
  states?: States,
): Reading => ({ about: { number: attempt.slice(4) }, says, ...(states ? { states } : {}) })

export const outcome = (
  attempt: AttemptId,
  of: OutcomeFact['of'],
  result: CallResult,
  over: Partial<OutcomeFact> = {},
): OutcomeFact => ({
  fact: 'outcome',
  key: `out:${of}:${attempt}:${over.refund ?? ''}:${result}`,
  at: START,
  attempt,
  of,
  result,
  ...over,
})

export const closed = (as: ClosingKind): ClosedFact => ({ fact: 'closed', key: 'closed', at: START + DAY_MS, as })

export const planEnded = (attempt: AttemptId, finding: PlanEndedFact['finding']): PlanEndedFact => ({
  fact: 'plan_ended',
  key: `ended:${attempt}`,
  at: START + DAY_MS,
  attempt,
  finding,
})

export const ruled = (as: RuledFact['as'], over: Partial<RuledFact> = {}): RuledFact => ({
  fact: 'ruled',
  key: `ruled:${as}:${over.attempt ?? over.refund ?? ''}:${over.flag ?? ''}`,
  at: START + DAY_MS,
  by: 'clerk@liepkalni.example',
  note: 'seen on the statement',
  as,
  facts: [],
  ...over,
})

export const refundAsked = (attempt: AttemptId, name: string, amountMinor: number): RefundAskedFact => ({
  fact: 'refund_asked',
  key: `refund:rfd_${name}`,
  at: START + DAY_MS,
  refund: `rfd_${name}`,
  attempt,
  number: `9${name}`,
  amountMinor,
})

export const refundHanded = (name: string, why: RefundHandedFact['why']): RefundHandedFact => ({
  fact: 'refund_handed',
  key: `handed:rfd_${name}`,
  at: START + DAY_MS,
  refund: `rfd_${name}`,
  why,
})

export const refundWithheld = (name: string): RefundWithheldFact => ({
  fact: 'refund_withheld',
  key: `withheld:rfd_${name}`,
  at: START + DAY_MS,
  refund: `rfd_${name}`,
})

// ------------------------------------------------------------------------------------- what a bank says of `att_1`, unless told else

export const paid = (states: States = { amount: AMOUNT }, source: Source = 'notice', attempt: AttemptId = 'att_1') =>
  read(attempt, source, saying(attempt, 'paid', states))

export const accepted = (states?: States) => read('att_1', 'notice', saying('att_1', 'accepted', states))

export const refused = (
  reason: RefusalReason = 'declined',
  source: Source = 'notice',
  attempt: AttemptId = 'att_1',
  states?: States,
) =>
  read(attempt, source, { about: { number: attempt.slice(4) }, says: 'refused', reason, ...(states ? { states } : {}) })

export const reversed = (states: States = { amount: AMOUNT }, source: Source = 'notice') =>
  read('att_1', source, saying('att_1', 'reversed', states))

/** Looks like the best of news from the wrong sender. */
export const forged = read('att_1', 'notice', {
  about: { number: '1' },
  states: { amount: LESS, reference: '666', payee: FOREIGN_IBAN, at: START },
  payer: { name: 'Mallory' },
  says: 'untrusted',
  rule: 'signature',
  detail: 'does not verify',
})
