import type { Instant } from '../../src/kernel/time.ts'
import type { Fact, Heard } from '../../src/payments/facts.ts'
import { type Command, decide, hear, stateOf } from '../../src/payments/payment.ts'
import { ordered, outcome, PAYEE, planFrom, read, START } from './facts.ts'
import type { Bank, Hearable, Step, Walk } from './walks.ts'

export type Moment = {
  readonly step: Step
  readonly now: Instant
  readonly before: readonly Fact[]
  readonly appended: readonly Fact[]
}
export type Life = { readonly facts: readonly Fact[]; readonly moments: readonly Moment[]; readonly now: Instant }

/** Runs a walk through the heart. The facts are in the order of hearing and deciding. */
export const live = (walk: Walk): Life => {
  let facts: readonly Fact[] = [ordered(walk.attempts)]
  let now = START
  const moments: Moment[] = []
  for (const one of walk.steps) {
    now += one.step === 'wait' ? one.ms : 1
    const appended = append(facts, one, now)
    moments.push({ step: one, now, before: facts, appended })
    facts = [...facts, ...appended]
  }
  return { facts, moments, now }
}

const append = (facts: readonly Fact[], one: Step, now: Instant): readonly Fact[] => {
  if (one.step === 'wait') return []
  if (one.step === 'hear')
    return hear(
      facts,
      one.heard.map((hearable) => heardAt(hearable, now)),
      now,
    ).facts
  if (one.step === 'hear_again') {
    const known = facts.filter(isHeard)
    const again = known[known.length - 1 - one.back]
    return again ? hear(facts, [{ ...again, at: now }], now).facts : []
  }
  if (one.step === 'begin' && facts.some((fact) => fact.key === `begun:${one.attempt}`)) return []
  const command = commandOf(facts, one, now)
  const decided = command ? decide(facts, command, now) : undefined
  return decided?.ok ? decided.value.facts : []
}

/** The same thing heard at a time; the facts keep their keys, so hearing it again is the same element. */
export const heardAt = (hearable: Hearable, now: Instant): Heard =>
  hearable.kind === 'reading'
    ? read(hearable.attempt, hearable.source, hearable.reading, now, hearable.copy)
    : outcome(hearable.attempt, hearable.of, hearable.result, {
        ...hearable.more,
        at: now,
        key: `out:${hearable.of}:${hearable.attempt}:${hearable.result}:${JSON.stringify(hearable.more)}`,
      })

export const isHeard = (fact: Fact): fact is Heard => fact.fact === 'reading' || fact.fact === 'outcome'

type Commanding = Exclude<Step, { readonly step: 'wait' | 'hear' | 'hear_again' }>

const commandOf = (facts: readonly Fact[], one: Commanding, now: Instant): Command | undefined => {
  switch (one.step) {
    case 'begin': {
      const { attempt, offer, bank, notPaid } = one
      const plan = planFrom(now, bank)
      const numbered = { attempt, number: attempt.slice(4), payee: PAYEE, plan, notPaid }
      return { do: 'begin', ...numbered, offer, agreement: `liepkalni-${offer}`, channel: `bank-${offer}` }
    }
    case 'again': {
      const first = facts.find((fact) => fact.key === `begun:${one.attempt}`)
      return first?.fact === 'begun'
        ? { do: 'begin_again', attempt: one.attempt, plan: planFrom(now, bankOf(first.plan)) }
        : undefined
    }
    case 'close':
      return { do: 'close', as: one.as, by: one.as === 'expired' ? 'deadline' : 'payer' }
    case 'end':
      return { do: 'end_plan', attempt: one.attempt, finding: one.finding }
    case 'refund': {
      const { refund, attempt, amountMinor } = one
      const taken = facts.some((fact) => fact.key === `refund:${refund}`)
      return taken ? undefined : { do: 'refund', refund, attempt, number: `9${refund.slice(4)}`, amountMinor }
    }
    case 'hand':
      return { do: 'hand_refund', refund: one.refund, why: one.why }
    case 'twin':
      return { do: 'name_twin', other: 'pay_2' }
    case 'rule': {
      const { as, attempt, flag, refund } = one
      const ruling = { do: 'rule', ruling: String(now), by: 'clerk@liepkalni.example', note: 'seen' } as const
      if (as === 'refund_done' || as === 'refund_failed') return { ...ruling, as, refund, facts: [] }
      if (as !== 'settled') return { ...ruling, as, attempt, facts: [] }
      const raised = stateOf(facts).attention.find((attention) => attention.flag === flag)
      return raised ? { ...ruling, as, flag, facts: raised.facts } : { ...ruling, as, refund, facts: [] }
    }
  }
}

const bankOf = ({ canAsk, unansweredBegin }: Bank): Bank => ({ canAsk, unansweredBegin })
