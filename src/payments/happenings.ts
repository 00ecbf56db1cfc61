import type { Reading, States } from '../channels/channel.ts'
import type { AttemptId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Fact, Heard, OutcomeFact, Plan, ReadingFact } from './facts.ts'
import { type Command, decide, hear } from './payment.ts'

/** One thing that can happen to a payment, in words; `happen` gives the facts that it adds, none where it is refused or was there. */
export type Happening = { readonly says: string; happen(facts: readonly Fact[]): readonly Fact[] }

const AMOUNT: Money = { amountMinor: 1_234, currency: 'EUR' }
const PAYEE = { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' }
const PLAN: Plan = { askAt: 5, endsAt: 10, canAsk: true, unansweredBegin: 'unknown', returnedMs: 1, askedMs: [1] }
const [SOON, PLAN_OVER, EXPIRED] = [1, 20, 100]

export const order = (attempts: 'one' | 'many'): Fact => ({
  fact: 'ordered',
  key: 'ordered',
  at: 0,
  payment: 'pay_1',
  amount: AMOUNT,
  description: { en: 'Property tax' },
  reference: 'NIN-1',
  attempts,
  expiresAt: EXPIRED,
})

const deciding = (says: string, command: Command, at: number): Happening => ({
  says,
  happen: (facts) => {
    const decided = decide(facts, command, at)
    return decided.ok ? decided.value.facts : []
  },
})
/** A bank speaks of what began. */
const hearing = (says: string, heard: Heard): Happening => ({
  says,
  happen: (facts) => (has(facts, `begun:${heard.attempt}`) ? hear(facts, [heard], SOON).facts : []),
})
const has = (facts: readonly Fact[], key: string): boolean => facts.some((fact) => fact.key === key)

const beginning = (says: string, attempt: AttemptId, offer: string): Happening => {
  const number = attempt.slice(4)
  const asked = { attempt, number, offer, agreement: offer, channel: offer, payee: PAYEE, plan: PLAN, notPaid: true }
  const begin = deciding(says, { do: 'begin', ...asked }, SOON)
  return { says, happen: (facts) => (has(facts, `begun:${attempt}`) ? [] : begin.happen(facts)) }
}
export const begunOnce = (attempts: 'one' | 'many'): readonly Fact[] => {
  const ordered = order(attempts)
  return [ordered, ...beginning('begun', 'att_1', 'A').happen([ordered])]
}

const called = (attempt: AttemptId, result: OutcomeFact['result'], echo?: OutcomeFact['echo']): OutcomeFact => ({
  fact: 'outcome',
  key: `out:${attempt}:${result}`,
  at: SOON,
  attempt,
  of: 'begin',
  result,
  ...(echo ? { echo } : {}),
})
const reading = (attempt: AttemptId, name: string, told: Reading): ReadingFact => ({
  fact: 'reading',
  key: `rd:${attempt}:${name}`,
  at: SOON,
  attempt,
  source: 'notice',
  digest: name,
  reading: told,
})
const told = (attempt: AttemptId, says: string, word: 'paid' | 'accepted' | 'reversed', states: States): Happening =>
  hearing(says, reading(attempt, says, { about: { address: true }, says: word, states }))
const refusedBy = (attempt: AttemptId): Happening =>
  hearing('refused', reading(attempt, 'refused', { about: { address: true }, says: 'refused', reason: 'declined' }))
const paidTo = (attempt: AttemptId): Happening => told(attempt, 'paid, amount confirmed', 'paid', { amount: AMOUNT })
const ruling = (attempt: AttemptId, as: 'paid' | 'not_paid'): Happening => {
  const rule: Command = { do: 'rule', ruling: as, by: 'clerk', note: '', as, attempt, facts: [] }
  const decided = deciding(`ruled ${as.replace('_', ' ')} by a person`, rule, SOON)
  return { ...decided, happen: (facts) => (has(facts, `ruled:${as}`) ? [] : decided.happen(facts)) }
}

export const calls = (attempt: AttemptId): readonly Happening[] => [
  hearing('call answered', called(attempt, 'answered')),
  hearing('call surely not sent', called(attempt, 'not_sent')),
  hearing('call turned down', called(attempt, 'turned_down')),
  hearing('answer of the call lost', called(attempt, 'unknown')),
]
export const words = (attempt: AttemptId): readonly Happening[] => [
  told(attempt, 'taken for processing', 'accepted', {}),
  told(attempt, 'paid, not confirmed', 'paid', {}),
  told(attempt, 'paid, another amount', 'paid', { amount: { ...AMOUNT, amountMinor: 1 } }),
  paidTo(attempt),
  refusedBy(attempt),
  told(attempt, 'money went back', 'reversed', { amount: AMOUNT }),
]
export const ends = (attempt: AttemptId): readonly Happening[] => [
  deciding('plan ended, the bank says not paid', { do: 'end_plan', attempt, finding: 'not_paid' }, PLAN_OVER),
  deciding('plan ended, the bank does not answer', { do: 'end_plan', attempt, finding: 'no_answer' }, PLAN_OVER),
  ruling(attempt, 'paid'),
  ruling(attempt, 'not_paid'),
]

export const lifeOf = (attempts: 'one' | 'many'): readonly Happening[] => [
  beginning('begun', 'att_1', 'A'),
  ...(attempts === 'many' ? [beginning('begun elsewhere', 'att_2', 'B'), paidTo('att_2'), refusedBy('att_2')] : []),
  told('att_1', 'taken for processing', 'accepted', {}),
  paidTo('att_1'),
  refusedBy('att_1'),
  deciding('plan ended, the bank says not paid', { do: 'end_plan', attempt: 'att_1', finding: 'not_paid' }, PLAN_OVER),
  deciding('cancelled', { do: 'close', as: 'cancelled', by: 'e-service' }, SOON),
  deciding('payer went back after a refusal', { do: 'close', as: 'refused', by: 'payer' }, SOON),
  deciding('deadline passed', { do: 'close', as: 'expired', by: 'deadline' }, EXPIRED),
]

export const odd: readonly Happening[] = [
  ...words('att_1'),
  ...ends('att_1').slice(0, 2),
  hearing('answer of the call lost', called('att_1', 'unknown')),
  hearing('call answered, with an echo', called('att_1', 'answered', { token: 'ours' })),
  told('att_1', 'paid, another currency', 'paid', { amount: { ...AMOUNT, currency: 'SEK' } }),
  told('att_1', 'paid to another account', 'paid', { amount: AMOUNT, payee: 'LV50UNLA0000000000002' }),
  told('att_1', 'paid, with a foreign echo', 'paid', { amount: AMOUNT, echo: { token: 'foreign' } }),
  beginning('begun elsewhere', 'att_2', 'B'),
  told('att_2', 'paid elsewhere too', 'paid', { amount: AMOUNT }),
  deciding('cancelled', { do: 'close', as: 'cancelled', by: 'e-service' }, SOON),
]
