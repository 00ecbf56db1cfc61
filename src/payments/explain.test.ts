import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accepted,
  begun,
  closed,
  LESS,
  ordered,
  outcome,
  paid,
  planEnded,
  read,
  refundAsked,
  refundHanded,
  refused,
  reversed,
  ruled,
  START,
  saying,
} from '../../test/support/facts.ts'
import { live } from '../../test/support/life.ts'
import { anyWalk } from '../../test/support/walks.ts'
import { MINUTE_MS } from '../kernel/time.ts'
import { explain } from './explain.ts'
import type { Fact } from './facts.ts'
import { stateOf } from './payment.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'

const told = (facts: readonly Fact[]) => explain(facts, stateOf(facts))
const A = [ordered(), begun('att_1')]
const asked: Fact = {
  fact: 'closing_asked',
  key: 'closing_asked',
  at: START + MINUTE_MS,
  as: 'cancelled',
  by: 'e-service',
}

describe('an explanation', () => {
  it.each<[what: string, facts: readonly Fact[], says: readonly string[]]>([
    ['open', [ordered()], ['12.34 EUR was ordered at 2027-01-15 08:00:00Z.', 'Nobody has tried to pay it yet.']],
    [
      'started',
      A,
      [
        'The payer was sent to bank-a at 2027-01-15 08:00:00Z (attempt 1) and has not come back.',
        'The hub acts by itself next at 2027-01-15 08:15:00Z.',
      ],
    ],
    [
      'a call without an answer',
      [...A, outcome('att_1', 'begin', 'unknown')],
      ['Whether bank-a heard of attempt 1 is not known'],
    ],
    ['accepted', [...A, accepted()], ['bank-a has taken it for processing and has not yet said that it is executed.']],
    [
      'executed',
      [...A, paid(), paid(undefined, 'return')],
      [
        'It is paid at bank-a by attempt 1, said by its notice and what the payer’s browser brought back.',
        'Nothing is left for the hub to do.',
      ],
    ],
    [
      'ruled',
      [
        ...A,
        planEnded('att_1', 'cannot_ask'),
        ruled('paid', { attempt: 'att_1', by: 'Ilze', note: 'seen on the statement.' }),
      ],
      ['ruled so by Ilze: seen on the statement.'],
    ],
    ['declined', [...A, refused('declined')], ['Attempt 1 at bank-a was refused (declined).', 'It may be paid.']],
    [
      'one attempt, declined',
      [ordered('one'), begun('att_1'), refused('declined')],
      ['was refused (declined).', 'The order allows one attempt.'],
    ],
    ['given up', [...A, refused('declined'), closed('refused')], ['The payer went back without paying.']],
    ['being cancelled', [...A, asked], ['It is being closed as cancelled since 2027-01-15 08:01:00Z']],
    ['cancelled', [...A, refused('declined'), asked, closed('cancelled')], ['The e-service cancelled it']],
    ['expired', [ordered(), closed('expired')], ['Nobody had paid when its time ended']],
    [
      'another amount',
      [...A, paid({ amount: LESS })],
      ['It needs a person: another amount. A verified message states another amount'],
    ],
    [
      'paid back',
      [
        ...A,
        paid(),
        refundAsked('att_1', 'one', 234),
        read('att_1', 'notice', { about: { refund: 'rfd_one' }, says: 'refunded' }),
      ],
      ['2.34 EUR went back.'],
    ],
    [
      'waiting for a clerk',
      [...A, paid(), refundAsked('att_1', 'one', 234), refundHanded('one', 'not_sent')],
      ['2.34 EUR waits for a clerk who pays it back by hand.'],
    ],
    [
      'held back for a clerk',
      [...A, paid(), refundAsked('att_1', 'one', 234), refundHanded('one', 'unsettled')],
      ['2.34 EUR waits for a clerk who finds out whether it went back before. Nothing is left'],
    ],
    [
      'perhaps made',
      [
        ...A,
        paid(),
        refundAsked('att_1', 'one', 234),
        outcome('att_1', 'refund', 'unknown', { refund: 'rfd_one' }),
        refundHanded('one', 'unsettled'),
      ],
      ['2.34 EUR is on its way back.'],
    ],
    ['on its way back', [...A, paid(), refundAsked('att_1', 'one', 234)], ['2.34 EUR is on its way back.']],
    [
      'reversed',
      [...A, paid(), reversed()],
      ['The bank reversed 12.34 EUR.', 'It needs a person: money went back without the hub.'],
    ],
  ])('of what is %s', (_, facts, says) => {
    for (const sentence of says) expect(told(facts)).toContain(sentence)
  })

  it('is one paragraph for whatever happened, names all that needs a person, and shows no payer', () => {
    fc.assert(
      fc.property(anyWalk(), (walk) => {
        const { facts } = live(walk)
        const state = stateOf(facts)
        const text = explain(facts, state)
        expect(text).toMatch(/^\d+\.\d\d EUR was ordered at [^\n]+\.$/)
        expect(text).not.toMatch(/undefined|\[object|NaN| {2}/)
        for (const { flag } of state.attention) expect(text).toContain(PAYMENT_TASK_WORDS[flag].means)
      }),
    )
  })

  it('does not depend on the order in which messages were heard', () => {
    const heard = [paid(), paid(undefined, 'return'), refused('declined', 'enquiry')]
    expect(told([...A, ...heard.toReversed()])).toBe(told([...A, ...heard]))
    expect(
      told([
        ...A,
        read('att_1', 'notice', { ...saying('att_1', 'paid', { amount: LESS }), payer: { name: 'Anna Paraudziņa' } }),
      ]),
    ).not.toContain('Anna')
  })
})
