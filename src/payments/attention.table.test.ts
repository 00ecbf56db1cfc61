import { describe, expect, it } from 'vitest'
import {
  AMOUNT,
  accepted,
  begun,
  closed,
  EXPIRES,
  FOREIGN_IBAN,
  LESS,
  MORE,
  OTHER_CURRENCY,
  ordered,
  outcome,
  PAYEE,
  paid,
  planEnded,
  read,
  refundAsked,
  refused,
  reversed,
  ruled,
  START,
  saying,
} from '../../test/support/facts.ts'
import type { Reading } from '../channels/channel.ts'
import type { AttemptId } from '../kernel/ids.ts'
import { HOUR_MS } from '../kernel/time.ts'
import type { Fact, Flag, PaymentStatus, Source } from './facts.ts'
import { decide, stateOf } from './payment.ts'
import { commandOf } from './ruling.ts'

/** Every flag with its negative twin, and what late, twice, too much, too little and back again come to together. */

const flagsOf = (facts: readonly Fact[]): readonly Flag[] => stateOf(facts).attention.map((attention) => attention.flag)

describe('attention', () => {
  const A = [ordered(), begun('att_1')]
  const B = begun('att_2', { at: START + HOUR_MS, offer: 'B' })
  const paidB = paid({ amount: AMOUNT }, 'notice', 'att_2')
  const twin: Fact = { fact: 'twin', key: 'twin:pay_2', at: START, other: 'pay_2' }
  const MUTE = [ordered(), begun('att_1', { terms: { canAsk: false } })]
  const lost = outcome('att_1', 'begin', 'unknown')
  const numbered = (reference: string, referenceKind: string, source: Source = 'notice') =>
    paid({ amount: AMOUNT, reference, referenceKind }, source)
  const refundedBy = (reading: Reading) => read('att_1', 'notice', reading)

  type Twins = readonly [Flag, string, readonly Fact[], string, readonly Fact[]]
  const rows: readonly Twins[] = [
    [
      'paid_late',
      'it is executed and a close is recorded',
      [...A, closed('expired'), paid()],
      'it is closed without money',
      [...A, closed('expired')],
    ],
    [
      'paid_twice',
      'two attempts are executed',
      [...A, B, paid(), paidB],
      'one of two is',
      [...A, B, paid(), refused('declined', 'notice', 'att_2')],
    ],
    [
      'paid_twice',
      'two references of one kind are named',
      [...A, numbered('1', 'order'), numbered('2', 'order', 'enquiry')],
      'the references are of two kinds',
      [...A, numbered('1', 'order'), numbered('2', 'payment', 'enquiry')],
    ],
    [
      'paid_twice',
      'two references are named without a kind',
      [...A, paid({ amount: AMOUNT, reference: '1' }), paid({ amount: AMOUNT, reference: '2' })],
      'the same one is named twice',
      [...A, paid({ amount: AMOUNT, reference: '1' }), paid({ amount: AMOUNT, reference: '1' }, 'return')],
    ],
    ['paid_twice', 'its twin was paid too', [...A, paid(), twin], 'only the twin was paid', [...A, twin]],
    ['amount_mismatch', 'paid states less', [...A, paid({ amount: LESS })], 'no amount is stated', [...A, paid({})]],
    [
      'amount_mismatch',
      'paid states more',
      [...A, paid({ amount: MORE })],
      'it is as ordered',
      [...A, paid({ amount: 'as ordered' })],
    ],
    [
      'amount_mismatch',
      'refused states less',
      [
        ...A,
        read('att_1', 'notice', {
          about: { number: '1' },
          states: { amount: LESS },
          says: 'refused',
          reason: 'declined',
        }),
      ],
      'a forgery states less',
      [
        ...A,
        read('att_1', 'notice', {
          about: { number: '1' },
          states: { amount: LESS },
          says: 'untrusted',
          rule: 'mac',
          detail: '',
        }),
      ],
    ],
    [
      'amount_mismatch',
      'a right reading came too',
      [...A, paid(), paid({ amount: LESS }, 'return')],
      'money went back in part',
      [...A, paid(), reversed({ amount: LESS })],
    ],
    [
      'currency_mismatch',
      'paid states another currency',
      [...A, paid({ amount: OTHER_CURRENCY })],
      'it states ours',
      [...A, paid()],
    ],
    [
      'payee_mismatch',
      'another account was paid',
      [...A, paid({ amount: AMOUNT, payee: FOREIGN_IBAN })],
      'ours was',
      [...A, paid({ amount: AMOUNT, payee: PAYEE.iban })],
    ],
    [
      'echo_mismatch',
      'a foreign echo came back',
      [...A, outcome('att_1', 'begin', 'answered', { echo: { token: 'x' } }), paid({ echo: { token: 'y' } })],
      'ours came back',
      [...A, outcome('att_1', 'begin', 'answered', { echo: { token: 'x' } }), paid({ echo: { token: 'x' } })],
    ],
    [
      'contradiction',
      'it is executed and declined',
      [...A, paid(), refused('declined', 'enquiry')],
      "the payer's own cancel is heard",
      [...A, paid(), refused('cancelled_by_payer', 'return')],
    ],
    [
      'contradiction',
      'it is executed and expired at the bank',
      [...A, refused('expired_at_psp'), paid()],
      'another attempt was refused',
      [...A, B, paid(), refused('declined', 'notice', 'att_2')],
    ],
    [
      'contradiction',
      'it is refused and said to be paid, unconfirmed',
      [...A, refused(), paid({})],
      'it is refused only',
      [...A, refused()],
    ],
    [
      'contradiction',
      'a person ruled that no money came, and then it did',
      [...A, planEnded('att_1', 'no_answer'), ruled('not_paid', { attempt: 'att_1' }), paid()],
      'the person ruled it paid after all',
      [...A, ruled('not_paid', { attempt: 'att_1' }), ruled('paid', { attempt: 'att_1' }), paid()],
    ],
    ['reversed', 'money went back', [...A, paid(), reversed()], 'money went back that never came', [...A, reversed()]],
    [
      'reversed',
      'the bank tells of a refund that nobody asked for',
      [...A, paid(), refundedBy(saying('att_1', 'refunded', { amount: LESS, reference: 'r1' }))],
      'the refund is ours',
      [...A, paid(), refundAsked('att_1', '1', 400), refundedBy({ about: { refund: '91' }, says: 'refunded' })],
    ],
    [
      'stuck',
      'the plan ended and it is accepted',
      [...A, accepted(), planEnded('att_1', 'not_paid')],
      'the plan has not ended',
      [...A, accepted()],
    ],
    [
      'stuck',
      'the plan ended and it is unknown',
      [...MUTE, lost, planEnded('att_1', 'cannot_ask')],
      'it lapsed',
      [...MUTE, planEnded('att_1', 'cannot_ask')],
    ],
    [
      'stuck',
      'the bank would not answer',
      [...A, planEnded('att_1', 'no_answer')],
      'the bank said not paid',
      [...A, planEnded('att_1', 'not_paid')],
    ],
    [
      'stuck',
      'the bank would not answer after the close',
      [...A, closed('expired'), planEnded('att_1', 'no_answer')],
      'a person ruled',
      [...A, planEnded('att_1', 'no_answer'), ruled('not_paid', { attempt: 'att_1' })],
    ],
  ]
  it.each(rows)('is %s when %s, and not when %4$s', (flag, _, raised, __, twinCase) => {
    expect(flagsOf(raised)).toContain(flag)
    expect(flagsOf(twinCase)).not.toContain(flag)
  })

  it('is gone for the facts a person settled, and back with a new fact of the kind', () => {
    const before = [...A, paid(), paid({ amount: LESS }, 'return')]
    const facts = stateOf(before).attention.find((attention) => attention.flag === 'amount_mismatch')?.facts ?? []
    const settled = [...before, ruled('settled', { flag: 'amount_mismatch', facts })]
    expect(flagsOf(settled)).toEqual([])
    expect(flagsOf([...settled, paid({ amount: MORE }, 'return')])).toEqual(['amount_mismatch'])
  })

  it('of a stuck attempt is not settled by a word: a person says what became of it', () => {
    const stuck = [...A, planEnded('att_1', 'no_answer')]
    const ruling = { do: 'rule', ruling: '1', by: 'clerk', note: '', facts: ['ended:att_1'] } as const
    expect(decide(stuck, { ...ruling, as: 'settled', flag: 'stuck' }, EXPIRES).ok).toBe(false)
    const paidAfterAll = decide(stuck, { ...ruling, as: 'paid', attempt: 'att_1' }, EXPIRES)
    expect(paidAfterAll.ok && [paidAfterAll.value.state.status, paidAfterAll.value.state.attention]).toEqual([
      'executed',
      [],
    ])
  })
})

describe('late, twice, over, under, reversed', () => {
  const A = begun('att_1')
  const words: Readonly<Record<string, Fact>> = {
    return: paid({ amount: AMOUNT }, 'return'),
    notice: paid({ amount: AMOUNT }, 'notice'),
    'the same notice': paid({ amount: AMOUNT }, 'notice'),
    under: paid({ amount: LESS }, 'enquiry'),
    over: paid({ amount: MORE }, 'enquiry'),
    reversed: reversed(),
    close: closed('expired'),
    'another bank': paid({ amount: AMOUNT }, 'notice', 'att_2'),
    refusal: refused('declined', 'enquiry'),
  }
  type Row = readonly [
    told: string,
    status: PaymentStatus,
    paidTimes: number,
    reversedTimes: number,
    flags: readonly Flag[],
  ]
  const rows: readonly Row[] = [
    ['return', 'executed', 1, 0, []],
    ['notice', 'executed', 1, 0, []],
    ['return, notice', 'executed', 1, 0, []],
    ['notice, the same notice', 'executed', 1, 0, []],
    ['notice, the same notice, return', 'executed', 1, 0, []],
    ['close, notice', 'executed', 1, 0, ['paid_late']],
    ['close, return, notice', 'executed', 1, 0, ['paid_late']],
    ['close, notice, the same notice', 'executed', 1, 0, ['paid_late']],
    ['close', 'expired', 0, 0, []],
    ['another bank', 'executed', 1, 0, []],
    ['notice, another bank', 'executed', 2, 0, ['paid_twice']],
    ['close, notice, another bank', 'executed', 2, 0, ['paid_late', 'paid_twice']],
    ['close, another bank', 'executed', 1, 0, ['paid_late']],
    ['under', 'accepted', 0, 0, ['amount_mismatch']],
    ['over', 'accepted', 0, 0, ['amount_mismatch']],
    ['under, over', 'accepted', 0, 0, ['amount_mismatch']],
    ['notice, under', 'executed', 1, 0, ['amount_mismatch']],
    ['notice, over', 'executed', 1, 0, ['amount_mismatch']],
    ['close, under', 'expired', 0, 0, ['amount_mismatch']],
    ['close, over', 'expired', 0, 0, ['amount_mismatch']],
    ['close, under, notice', 'executed', 1, 0, ['paid_late', 'amount_mismatch']],
    ['under, another bank', 'executed', 1, 0, ['amount_mismatch']],
    ['under, reversed', 'accepted', 0, 0, ['amount_mismatch']],
    ['reversed', 'started', 0, 0, []],
    ['notice, reversed', 'executed', 1, 1, ['reversed']],
    ['close, notice, reversed', 'executed', 1, 1, ['paid_late', 'reversed']],
    ['notice, another bank, reversed', 'executed', 2, 1, ['paid_twice', 'reversed']],
    ['close, notice, another bank, reversed', 'executed', 2, 1, ['paid_late', 'paid_twice', 'reversed']],
    ['reversed, another bank', 'executed', 1, 0, []],
    ['notice, over, reversed', 'executed', 1, 1, ['amount_mismatch', 'reversed']],
    ['refusal', 'started', 0, 0, []],
    ['refusal, notice', 'executed', 1, 0, ['contradiction']],
    ['refusal, close, notice', 'executed', 1, 0, ['paid_late', 'contradiction']],
    ['refusal, notice, reversed', 'executed', 1, 1, ['contradiction', 'reversed']],
    ['refusal, under', 'started', 0, 0, ['amount_mismatch', 'contradiction']],
    ['refusal, another bank', 'executed', 1, 0, []],
    ['refusal, notice, another bank', 'executed', 2, 0, ['paid_twice', 'contradiction']],
  ]
  it.each(rows)('%s: %s, paid %i times, reversed %i times', (told, status, paidTimes, reversedTimes, flags) => {
    const heard = String(told)
      .split(', ')
      .flatMap((word) => words[word] ?? [])
    const B = begun('att_2', { at: START + HOUR_MS, offer: 'B' })
    for (const facts of [heard, [...heard].reverse()]) {
      const state = stateOf([ordered(), A, B, ...facts])
      expect([state.status, state.attention.map((attention) => attention.flag)]).toEqual([status, flags])
      expect(state.paidMinor).toBe(paidTimes * AMOUNT.amountMinor)
      expect(state.reversedMinor).toBe(reversedTimes * AMOUNT.amountMinor)
    }
  })

  const back = (amountMinor: number, reference: string, source: Source = 'notice') =>
    reversed({ amount: { amountMinor, currency: 'EUR' }, reference }, source)
  const sums: readonly (readonly [number, string, readonly Fact[]])[] = [
    [400, 'a part', [back(400, 'r1')]],
    [400, 'a part that two sources tell of', [back(400, 'r1'), back(400, 'r1', 'statement')]],
    [700, 'two parts', [back(400, 'r1'), back(300, 'r2')]],
    [1_234, 'more than came', [back(1_234, 'r1'), back(1_234, 'r2')]],
  ]
  it.each(sums)('counts %i as reversed when what went back is %s', (reversedMinor, _, facts) => {
    expect(stateOf([ordered(), A, paid(), ...facts]).reversedMinor).toBe(reversedMinor)
  })
})

describe('a task that concerns two attempts', () => {
  it('takes the same word of one of them again, for what was heard since', () => {
    const task = { id: 'tsk_1', kind: 'amount_mismatch', part: '' } as const
    const word = { as: 'not-paid', by: 'A. Clerk', note: 'no money came', attempt: 'att_1' } as const
    const wrong = (attempt: AttemptId, amount: typeof LESS) => paid({ amount }, 'notice', attempt)
    const both = [ordered(), begun('att_1'), begun('att_2', { at: START + HOUR_MS, offer: 'B' })]
    const facts: Fact[] = [...both, wrong('att_1', LESS), wrong('att_2', LESS)]
    const say = () => {
      const command = commandOf(facts, stateOf(facts), task, word)
      const decided = command.ok ? decide(facts, command.value, EXPIRES) : command
      facts.push(...(decided.ok ? decided.value.facts : []))
      return stateOf(facts).attempts.map(({ mayStillBePaid }) => mayStillBePaid)
    }
    expect(say()).toEqual([false, true])
    facts.push(wrong('att_1', MORE))
    expect(stateOf(facts).attempts[0]?.mayStillBePaid).toBe(true)
    expect(say()).toEqual([false, true])
  })
})
