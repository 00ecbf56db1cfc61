import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accepted,
  begun,
  closed,
  EXPIRES,
  LESS,
  ordered,
  outcome,
  PAYEE,
  paid,
  planEnded,
  planFrom,
  refused,
  START,
} from '../../test/support/facts.ts'
import { type Life, live } from '../../test/support/life.ts'
import { anyWalk, type Walk } from '../../test/support/walks.ts'
import { HOUR_MS } from '../kernel/time.ts'
import type { CallResult, ClosingKind, Fact } from './facts.ts'
import { type Command, decide, hear, mayBeLed, stateOf } from './payment.ts'

/** What may be decided, and what follows of itself. */

describe('an order’s only attempt that is refused', () => {
  it.each(['cancelled_by_payer', 'declined'] as const)('closes the payment: money after %s is late', (reason) => {
    const refusal = hear([ordered('one'), begun('att_1')], [refused(reason)], START)
    expect(refusal.facts.map(({ fact }) => fact)).toEqual(['reading', 'closed'])
    expect(refusal.state).toMatchObject({ status: 'refused', final: true })
    const facts = [ordered('one'), begun('att_1'), ...refusal.facts]
    expect(hear(facts, [refused(reason)], START).facts).toEqual([])
    const late = hear(facts, [paid()], START)
    expect(late.state.attention.map(({ flag }) => flag)).toContain('paid_late')
  })

  it('closes nothing where the money came first, or may still come, or another may be tried', () => {
    const before: readonly (readonly Fact[])[] = [
      [ordered('one'), begun('att_1'), paid()],
      [ordered('one'), begun('att_1'), accepted({ amount: LESS })],
      [ordered(), begun('att_1')],
    ]
    for (const facts of before) {
      const heard = hear(facts, [refused('cancelled_by_payer')], START)
      expect(heard.facts.map(({ fact }) => fact)).toEqual(['reading'])
      expect(heard.state.attention.map(({ flag }) => flag)).not.toContain('paid_late')
    }
  })
})

describe('an order’s only attempt that is refused while a close is asked for', () => {
  const asked = (as: ClosingKind): Fact => ({ fact: 'closing_asked', key: 'closing_asked', at: START, as, by: 'payer' })

  it.each(['cancelled', 'expired'] as const)('closes the payment as it was promised: %s', (as) => {
    const facts = [ordered('one'), begun('att_1'), asked(as)]
    const heard = hear(facts, [refused('cancelled_by_payer')], START)
    expect(heard.facts.map(({ fact }) => fact)).toEqual(['reading', 'closed'])
    expect(heard.state).toMatchObject({ status: as, final: true })
  })

  it('stays refused where it was told so before a person settled what was disputed', () => {
    const disputed = [ordered('one'), begun('att_1'), asked('cancelled'), accepted({ amount: LESS }), refused()]
    const { status, attention } = stateOf(disputed)
    expect(status).toBe('refused')
    const [flag] = attention
    if (!flag) throw new Error('nothing is disputed')
    const ruling = { do: 'rule', ruling: '1', by: 'clerk', note: '', as: 'settled', ...flag } as const
    const settled = decide(disputed, ruling, START)
    expect(settled.ok && settled.value.facts.map(({ fact }) => fact)).toEqual(['ruled', 'closed'])
    expect(settled.ok && settled.value.state.status).toBe('refused')
  })
})

describe('an order’s only attempt that a double click begins by two calls', () => {
  const call = (name: string, result: CallResult) => outcome('att_1', 'begin', result, { key: `out:${name}` })
  const again = { do: 'begin_again', attempt: 'att_1', plan: planFrom(START) } as const
  const once: readonly Fact[] = [ordered('one'), begun('att_1')]
  const twice = (): readonly Fact[] => {
    const decided = decide(once, again, START)
    return decided.ok ? [...once, ...decided.value.facts] : once
  }

  it.each(['not_sent', 'turned_down'] as const)('goes on where one call is %s and the other answered', (result) => {
    const first = hear(twice(), [call('1', result)], START)
    expect(first.facts.map(({ fact }) => fact)).toEqual(['outcome'])
    const second = hear([...twice(), ...first.facts], [call('2', 'answered')], START)
    expect(second.state).toMatchObject({ status: 'started', final: false })
    expect(mayBeLed(second.state, 'att_1', START)).toBe(true)
  })

  it('is over when neither was sent, at once where there was but one call', () => {
    const first = hear(twice(), [call('1', 'not_sent')], START)
    const second = hear([...twice(), ...first.facts], [call('2', 'not_sent')], START)
    expect(second.facts.map(({ fact }) => fact)).toEqual(['outcome', 'closed'])
    expect(hear(once, [call('1', 'not_sent')], START).facts.map(({ fact }) => fact)).toEqual(['outcome', 'closed'])
  })
})

describe('a command', () => {
  const A = begun('att_1')
  const NOW = START + 60_000
  const begin = (offer: string, notPaid = false): Command => ({
    do: 'begin',
    attempt: 'att_9',
    number: '9',
    offer,
    agreement: `liepkalni-${offer}`,
    channel: `bank-${offer}`,
    payee: PAYEE,
    plan: planFrom(NOW),
    notPaid,
  })
  const again: Command = { do: 'begin_again', attempt: 'att_1', plan: planFrom(NOW) }
  const close = (as: 'refused' | 'cancelled' | 'expired'): Command => ({ do: 'close', as, by: 'payer' })
  const end = (finding: 'not_paid' | 'cannot_ask' | 'no_answer'): Command => ({
    do: 'end_plan',
    attempt: 'att_1',
    finding,
  })
  const left: Fact = { fact: 'left', key: 'left:att_1', at: NOW, attempt: 'att_1' }
  const B = begun('att_2', { offer: 'B', at: NOW })
  const closing: Fact = { fact: 'closing_asked', key: 'closing_asked', at: NOW, as: 'cancelled', by: 'payer' }

  const rows: readonly (readonly [string, readonly Fact[], Command, number, string])[] = [
    ['begin first', [ordered()], begin('A'), NOW, 'begun'],
    ['begin on the same channel again', [ordered(), A], begin('A'), NOW, 'already_begun'],
    ['show the same step again', [ordered(), A], again, NOW, 'begun_again'],
    ['begin elsewhere while the first may still be paid', [ordered(), A], begin('B'), NOW, 'may_still_be_paid'],
    ['begin elsewhere after "I have not paid"', [ordered(), A], begin('B', true), NOW, 'left begun'],
    ['begin elsewhere after a refusal', [ordered(), A, refused()], begin('B'), NOW, 'begun'],
    ['begin on the same channel after a refusal', [ordered(), A, refused()], begin('A'), NOW, 'begun'],
    ['begin beside an accepted attempt', [ordered(), A, accepted()], begin('B', true), NOW, 'attempt_accepted'],
    [
      'begin beside an accepted attempt that was left',
      [ordered(), A, left, B, accepted()],
      begin('C', true),
      NOW,
      'attempt_accepted',
    ],
    [
      'show a step again beside an accepted attempt',
      [ordered(), A, B, left, accepted()],
      { ...again, attempt: 'att_2' },
      NOW,
      'attempt_accepted',
    ],
    ['show the step of an attempt that was left', [ordered(), A, left, B], again, NOW, 'attempt_over'],
    ['begin a second one where one is allowed', [ordered('one'), A], begin('B', true), NOW, 'one_attempt'],
    ['begin while closing', [ordered(), A, closing], begin('B', true), NOW, 'closing'],
    ['begin after the deadline', [ordered()], begin('A'), EXPIRES, 'expired'],
    ['begin when executed', [ordered(), A, paid()], begin('B'), NOW, 'final'],
    ['begin when closed', [ordered(), closed('cancelled')], begin('A'), NOW, 'final'],
    ['cancel before anything began', [ordered()], close('cancelled'), NOW, 'closing_asked closed'],
    ['cancel while an attempt may still be paid', [ordered(), A], close('cancelled'), NOW, 'closing_asked'],
    ['cancel again', [ordered(), A, closing], close('cancelled'), NOW, ''],
    ['cancel when executed', [ordered(), A, paid()], close('cancelled'), NOW, 'final'],
    ['go back after a refusal', [ordered(), A, refused()], close('refused'), NOW, 'closing_asked closed'],
    ['go back as refused without one', [ordered()], close('refused'), NOW, 'nothing_refused'],
    [
      'go back as refused while another may still be paid',
      [ordered(), A, B, refused()],
      close('refused'),
      NOW,
      'may_still_be_paid',
    ],
    ['expire before the deadline', [ordered()], close('expired'), NOW, 'not_due'],
    ['expire at the deadline', [ordered()], close('expired'), EXPIRES, 'closing_asked closed'],
    ['expire while an attempt is accepted', [ordered(), A, accepted()], close('expired'), EXPIRES, 'closing_asked'],
    ['end a plan before its last moment', [ordered(), A], end('not_paid'), NOW, 'not_due'],
    ['end a plan at its last moment', [ordered(), A], end('not_paid'), START + HOUR_MS, 'plan_ended'],
    ['end a plan unasked where one can ask', [ordered(), A], end('cannot_ask'), START + HOUR_MS, 'not_due'],
    ['end a plan twice', [ordered(), A, planEnded('att_1', 'not_paid')], end('not_paid'), EXPIRES, 'already_known'],
    [
      'end the plan that a close waits for',
      [ordered(), A, closing],
      end('not_paid'),
      START + HOUR_MS,
      'plan_ended closed',
    ],
    [
      'rule the attempt that a close waits for',
      [ordered(), A, closing, accepted()],
      {
        do: 'rule',
        ruling: '1',
        by: 'clerk',
        note: '',
        as: 'not_paid',
        attempt: 'att_1',
        facts: [],
      },
      NOW,
      'ruled closed',
    ],
  ]
  it.each(rows)('to %s is answered as the page says', (_, facts, command, now, expected) => {
    const decided = decide(facts, command, now)
    expect(decided.ok ? decided.value.facts.map((fact) => fact.fact).join(' ') : decided.error).toBe(expected)
  })
})

const holds = (walks: fc.Arbitrary<Walk>, law: (life: Life) => void) =>
  fc.assert(
    fc.property(walks, (walk) => law(live(walk))),
    { numRuns: 500 },
  )

describe('of a random life, decisions', () => {
  it('close a payment only when no attempt may still be paid', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { before, appended } of moments) {
        if (!appended.some((fact) => fact.fact === 'closed')) continue
        const attempts = stateOf([...before, ...appended]).attempts
        expect(attempts.filter((attempt) => attempt.mayStillBePaid)).toEqual([])
        expect(stateOf(before).status).not.toBe('executed')
      }
    })
  })

  it('close a payment as it was asked for, unless it was told as refused before', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { before, appended } of moments) {
        const closes = appended.find((fact) => fact.fact === 'closed')
        const asked = [...before, ...appended].find((fact) => fact.fact === 'closing_asked')
        if (closes && asked) expect([asked.as, stateOf(before).status]).toContain(closes.as)
      }
    })
  })

  it('begin nothing beside an accepted attempt, on a payment that is closing or over, or a second time where one is allowed', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { before, appended } of moments) {
        const begins = appended.find((fact) => fact.fact === 'begun' || fact.fact === 'begun_again')
        if (!begins) continue
        const was = stateOf(before)
        expect(was.attempts.filter(({ status }) => status === 'accepted')).toEqual([])
        expect([was.final, was.closing]).toEqual([false, undefined])
        expect(begins.at).toBeLessThan(was.order.expiresAt)
        if (begins.fact === 'begun_again') expect(was.current?.id).toBe(begins.attempt)
        else expect(was.order.attempts === 'one' && was.attempts.length > 0).toBe(false)
      }
    })
  })

  it('leave the attempt that was current when another begins, and only after a plain "I have not paid"', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { step, before, appended } of moments) {
        const begins = appended.find((fact) => fact.fact === 'begun')
        if (!begins || step.step !== 'begin') continue
        const was = stateOf(before).current
        const is = stateOf([...before, ...appended])
        expect(is.attempts.find(({ id }) => id === begins.attempt)?.left).toBe(false)
        if (!was) continue
        expect(step.notPaid).toBe(true)
        expect(is.attempts.find(({ id }) => id === was.id)?.left).toBe(true)
      }
    })
  })

  it('promise back no more of an attempt than was paid, with all that is on its way', () => {
    holds(anyWalk({ without: ['rule'] }), ({ moments }) => {
      for (const { before, appended } of moments) {
        const asked = appended.find((fact) => fact.fact === 'refund_asked')
        if (!asked) continue
        const was = stateOf(before)
        const is = stateOf([...before, ...appended])
        const paid =
          was.attempts.find(({ id }) => id === asked.attempt)?.status === 'executed' ? was.order.amount.amountMinor : 0
        const promised = is.refunds.filter(({ attempt, status }) => attempt === asked.attempt && status !== 'failed')
        expect(promised.reduce((sum, refund) => sum + refund.amountMinor, 0)).toBeLessThanOrEqual(paid)
      }
    })
  })

  it('settle a flag for the facts that are named, until a new fact of the kind raises it', () => {
    holds(anyWalk({ without: ['rule'] }), ({ facts, now }) => {
      for (const { flag, facts: named } of stateOf(facts).attention) {
        const ruling = { do: 'rule', ruling: 'r1', by: 'clerk', note: '', as: 'settled', flag, facts: named } as const
        const decided = decide(facts, ruling, now)
        if (!decided.ok) continue
        expect(decided.value.state.attention.map((attention) => attention.flag)).not.toContain(flag)
        const status = decided.value.state.status
        if (stateOf(facts).status === 'executed') expect(status).toBe('executed')
      }
    })
  })
})
