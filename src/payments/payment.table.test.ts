import { describe, expect, it } from 'vitest'
import {
  AMOUNT,
  accepted,
  begun,
  closed,
  FOREIGN_IBAN,
  forged,
  LESS,
  OTHER_CURRENCY,
  ordered,
  outcome,
  paid,
  planEnded,
  read,
  refused,
  reversed,
  ruled,
  START,
  saying,
} from '../../test/support/facts.ts'
import { HOUR_MS } from '../kernel/time.ts'
import type { AttemptState, AttemptStatus, Fact, Flag, PaymentStatus } from './facts.ts'
import { hear, stateOf } from './payment.ts'

/** The tables of the rule book, row by row. One attempt, `att_1`, unless a case names another. */

const flagsOf = (facts: readonly Fact[]): readonly Flag[] => stateOf(facts).attention.map((attention) => attention.flag)

const attemptOf = (facts: readonly Fact[]): AttemptState | undefined =>
  stateOf(facts).attempts.find((attempt) => attempt.id === 'att_1')

describe('an attempt', () => {
  const A = begun('att_1')
  const DEAD = begun('att_1', { terms: { unansweredBegin: 'dead' } })
  const MUTE = begun('att_1', { terms: { canAsk: false } })
  const rows: readonly (readonly [AttemptStatus, string, readonly Fact[]])[] = [
    ['executed', 'one reading says paid and states the ordered amount', [A, paid()]],
    ['executed', 'one reading says paid, another states the amount', [A, paid({}), accepted({ amount: AMOUNT })]],
    ['executed', 'the amount was stated first, paid is said later', [A, accepted({ amount: AMOUNT }), paid({})]],
    ['executed', 'no message states an amount and the channel says as ordered', [A, paid({ amount: 'as ordered' })]],
    ['executed', 'a person ruled it paid', [A, ruled('paid', { attempt: 'att_1' })]],
    ['executed', 'it was refused before', [A, refused(), paid()]],
    ['executed', 'it lapsed before', [A, planEnded('att_1', 'not_paid'), paid()]],
    ['executed', 'it never began, we thought', [A, outcome('att_1', 'begin', 'not_sent'), paid()]],
    ['executed', 'the account is written with spaces', [A, paid({ amount: AMOUNT, payee: 'lv07 haba 0000000000001' })]],
    ['executed', 'one reading was wrong and the next right', [A, paid({ amount: LESS }), paid()]],
    ['accepted', 'paid is said and no amount stated', [A, paid({})]],
    ['accepted', 'paid states another amount', [A, paid({ amount: LESS })]],
    [
      'accepted',
      'paid states another amount and a second reading the right one',
      [A, paid({ amount: LESS }), accepted({ amount: AMOUNT })],
    ],
    ['accepted', 'paid states another currency', [A, paid({ amount: OTHER_CURRENCY })]],
    ['accepted', 'paid names another account', [A, paid({ amount: AMOUNT, payee: FOREIGN_IBAN })]],
    ['accepted', 'paid names an account of no letters', [A, paid({ amount: AMOUNT, payee: '' })]],
    ['accepted', 'paid brings an echo that nobody told us yet', [A, paid({ amount: AMOUNT, echo: { token: 'x' } })]],
    [
      'executed',
      'the echo is told afterwards and is equal',
      [
        A,
        paid({ amount: AMOUNT, echo: { token: 'x' } }),
        outcome('att_1', 'begin', 'answered', { echo: { token: 'x' } }),
      ],
    ],
    [
      'accepted',
      'the echo is told afterwards and differs',
      [
        A,
        paid({ amount: AMOUNT, echo: { token: 'x' } }),
        outcome('att_1', 'begin', 'answered', { echo: { token: 'y' } }),
      ],
    ],
    ['accepted', 'it is taken for processing', [A, accepted()]],
    [
      'accepted',
      'it is taken for processing and the plan ended: never by time',
      [A, accepted(), planEnded('att_1', 'not_paid')],
    ],
    ['accepted', 'money went back and paid was said, though not confirmed', [A, paid({}), reversed()]],
    ['refused', 'the bank declined', [A, refused('declined')]],
    ['refused', 'the bank rejected', [A, refused('rejected')]],
    ['refused', 'the payer cancelled', [A, refused('cancelled_by_payer')]],
    ['refused', 'the bank took it before and refused then', [A, accepted(), refused()]],
    ['refused', 'paid was said without its amount, and refused', [A, paid({}), refused()]],
    ['refused', 'money went back and nothing said paid', [A, reversed()]],
    ['refused', 'the call never left', [A, outcome('att_1', 'begin', 'not_sent')]],
    ['refused', 'the call was turned down', [A, outcome('att_1', 'begin', 'turned_down')]],
    [
      'refused',
      'the call is unanswered where the payer needs the answer',
      [DEAD, outcome('att_1', 'begin', 'unknown')],
    ],
    ['refused', 'a person ruled it not paid', [A, accepted(), ruled('not_paid', { attempt: 'att_1' })]],
    ['lapsed', 'the plan ended and the bank said not paid', [A, planEnded('att_1', 'not_paid')]],
    ['lapsed', 'the plan ended and the bank cannot be asked', [MUTE, planEnded('att_1', 'cannot_ask')]],
    ['started', 'the plan ended and the bank would not say', [A, planEnded('att_1', 'no_answer')]],
    ['started', 'a bank that can be asked was not', [A, planEnded('att_1', 'cannot_ask')]],
    [
      'unknown',
      'the call may have reached the bank and the payer could pay',
      [A, outcome('att_1', 'begin', 'unknown')],
    ],
    ['unknown', 'it may have begun, and a forged message came', [A, outcome('att_1', 'begin', 'unknown'), forged]],
    [
      'unknown',
      'it may have begun, then a repeat was surely not sent',
      [A, outcome('att_1', 'begin', 'unknown'), outcome('att_1', 'begin', 'not_sent')],
    ],
    [
      'unknown',
      'it may have begun, the plan ended and nobody can be asked',
      [MUTE, outcome('att_1', 'begin', 'unknown'), planEnded('att_1', 'cannot_ask')],
    ],
    ['started', 'it just began', [A]],
    ['started', 'the call was answered', [A, outcome('att_1', 'begin', 'answered')]],
    [
      'started',
      'a repeat of the call was answered',
      [A, outcome('att_1', 'begin', 'unknown'), outcome('att_1', 'begin', 'answered')],
    ],
    ['started', 'the bank is waiting for the payer', [A, read('att_1', 'enquiry', saying('att_1', 'waiting'))]],
    ['started', 'only a hint came', [A, read('att_1', 'notice', saying('att_1', 'ask', { amount: AMOUNT }))]],
    ['started', 'only a forgery came', [A, forged]],
    ['started', 'a message about another attempt came', [A, paid({ amount: AMOUNT }, 'notice', 'att_2')]],
  ]
  it.each(rows)('is %s when %s', (status, _, facts) => {
    expect(attemptOf([ordered(), ...facts])?.status).toBe(status)
    expect(attemptOf([...facts].reverse().concat(ordered()))?.status).toBe(status)
  })

  const open: readonly (readonly [boolean, string, readonly Fact[]])[] = [
    [true, 'started', [A]],
    [true, 'accepted', [A, accepted()]],
    [true, 'unknown', [A, outcome('att_1', 'begin', 'unknown')]],
    [false, 'executed', [A, paid()]],
    [false, 'refused', [A, refused()]],
    [false, 'lapsed', [A, planEnded('att_1', 'not_paid')]],
    [true, 'lapsed with a mismatch', [A, accepted({ amount: LESS }), refused()]],
    [
      false,
      'refused with a settled mismatch',
      [
        A,
        accepted({ amount: LESS }),
        refused(),
        ruled('settled', { flag: 'amount_mismatch', facts: [accepted({ amount: LESS }).key] }),
      ],
    ],
  ]
  it.each(open)('may still be paid: %s, when %s', (may, _, facts) => {
    expect(attemptOf([ordered(), ...facts])?.mayStillBePaid).toBe(may)
  })

  const reasons: readonly (readonly [AttemptState['reason'], string, readonly Fact[]])[] = [
    ['declined', 'declined', [A, refused('declined')]],
    ['expired_at_psp', 'expired at the bank', [A, refused('expired_at_psp')]],
    ['reversed', 'reversed', [A, reversed()]],
    ['not_begun', 'never begun', [A, outcome('att_1', 'begin', 'not_sent')]],
    ['ruled_not_paid', 'ruled not paid', [A, ruled('not_paid', { attempt: 'att_1' })]],
    [
      'cancelled_by_payer',
      'an enquiry says cancelled and a notice declined',
      [A, refused('declined', 'notice'), refused('cancelled_by_payer', 'enquiry')],
    ],
    [
      'reversed',
      'a statement says reversed and a return declined',
      [A, refused('declined', 'return'), reversed({ amount: AMOUNT }, 'statement')],
    ],
    [undefined, 'paid after all', [A, refused(), paid()]],
  ]
  it.each(reasons)('gives the reason %s when %s', (reason, _, facts) => {
    expect(attemptOf([ordered(), ...facts])?.reason).toBe(reason)
  })
})

describe('a payment', () => {
  const A = begun('att_1')
  const B = begun('att_2', { at: START + HOUR_MS, offer: 'B' })
  const closing: Fact = { fact: 'closing_asked', key: 'closing_asked', at: START, as: 'cancelled', by: 'e-service' }
  const paidB = paid({ amount: AMOUNT }, 'notice', 'att_2')
  const rows: readonly (readonly [PaymentStatus, string, readonly Fact[]])[] = [
    ['executed', 'an attempt is', [ordered(), A, paid()]],
    ['executed', 'an attempt is, though a close is recorded', [ordered(), A, closed('cancelled'), paid()]],
    ['executed', 'one of two attempts is', [ordered(), A, B, refused(), paidB]],
    ['executed', 'it was paid and reversed', [ordered(), A, paid(), reversed()]],
    ['executed', 'its one attempt was refused and paid', [ordered('one'), A, refused(), paid()]],
    ['refused', 'it is closed as refused', [ordered(), A, refused(), closed('refused')]],
    ['cancelled', 'it is closed as cancelled', [ordered(), closed('cancelled')]],
    ['expired', 'it is closed as expired', [ordered(), closed('expired')]],
    [
      'expired',
      'it is closed, and an attempt is taken for processing late',
      [ordered(), A, closed('expired'), accepted()],
    ],
    ['refused', 'the order allows one attempt and that one is refused', [ordered('one'), A, refused()]],
    [
      'refused',
      'its one attempt is refused, holding a mismatch',
      [ordered('one'), A, accepted({ amount: LESS }), refused()],
    ],
    ['open', 'the order allows many attempts and one is refused', [ordered(), A, refused()]],
    ['accepted', 'an attempt is, beside one that is started', [ordered(), A, B, accepted()]],
    ['started', 'an attempt is, beside one that lapsed', [ordered(), A, B, planEnded('att_1', 'not_paid')]],
    ['started', 'an attempt is unknown', [ordered(), A, outcome('att_1', 'begin', 'unknown')]],
    ['started', 'closing is asked and an attempt may still be paid', [ordered(), A, closing]],
    ['open', 'nothing began', [ordered()]],
    ['open', 'its attempt lapsed', [ordered(), A, planEnded('att_1', 'not_paid')]],
  ]
  it.each(rows)('is %s when %s', (status, _, facts) => {
    const state = stateOf(facts)
    expect(state.status).toBe(status)
    expect(state.final).toBe(['executed', 'refused', 'cancelled', 'expired'].includes(status))
  })

  it('shows closing until the close is recorded, and no longer', () => {
    expect(stateOf([ordered(), A, closing]).closing).toBe('cancelled')
    expect(stateOf([ordered(), A, closing, closed('cancelled')]).closing).toBeUndefined()
    expect(stateOf([ordered(), A, closing, paid()]).closing).toBeUndefined()
  })

  it('records the close with the message that ends its last open attempt', () => {
    const told = hear([ordered(), A, B, closing, refused()], [refused('declined', 'notice', 'att_2')], START + HOUR_MS)
    expect(told.facts.map((fact) => fact.key)).toEqual([refused('declined', 'notice', 'att_2').key, 'closed'])
    expect(told.state.status).toBe('cancelled')
  })

  it('ends as executed when money comes while it is closing, without a close', () => {
    const told = hear([ordered(), A, closing], [paid()], START + HOUR_MS)
    expect(told.facts.map((fact) => fact.fact)).toEqual(['reading'])
    expect([told.state.status, flagsOf([ordered(), A, closing, ...told.facts])]).toEqual(['executed', []])
  })
})
