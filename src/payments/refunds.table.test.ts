import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accepted,
  begun,
  EXPIRES,
  LESS,
  ordered,
  outcome,
  paid,
  read,
  refundAsked,
  saying,
} from '../../test/support/facts.ts'
import { live } from '../../test/support/life.ts'
import { anyWalk } from '../../test/support/walks.ts'
import type { Reading } from '../channels/channel.ts'
import type { Fact, Source } from './facts.ts'
import { type Command, decide, type Refusal, stateOf } from './payment.ts'
import { chooseRefund, MAX_REFUNDS, type Wanted } from './refunds.ts'

/** Refunds, ours and the bank's own; what may be promised back, decided under the lock. */

describe('a refund', () => {
  const PAID = [ordered(), begun('att_1'), paid()]
  const asked = refundAsked('att_1', '1', 400)
  const called = (result: 'answered' | 'not_sent' | 'turned_down' | 'unknown') =>
    outcome('att_1', 'refund', result, { refund: 'rfd_1' })
  const told = (reading: Reading) => read('att_1', 'enquiry', reading)
  const about = { refund: '91' }
  const done = told({ about, says: 'refunded', states: { amount: { amountMinor: 400, currency: 'EUR' } } })
  const declined = told({ about, says: 'refused', reason: 'declined' })
  const rows: readonly (readonly [string, string, readonly Fact[], number])[] = [
    ['requested', 'it was asked for', [], 0],
    ['requested', 'its call surely never left', [called('not_sent')], 0],
    ['sent', 'its call was answered', [called('answered')], 0],
    ['sent', 'the bank is working on it', [called('unknown'), told({ about, says: 'accepted' })], 0],
    ['unknown', 'its call may have reached the bank', [called('unknown')], 0],
    [
      'unknown',
      'a repeat was turned down, though the first call may have acted',
      [called('unknown'), called('turned_down')],
      0,
    ],
    ['done', 'the bank says so', [called('answered'), done], 400],
    ['done', 'the bank says so without an answer of the call', [called('unknown'), done], 400],
    ['done', 'it failed first: a late done wins', [declined, done], 400],
    ['failed', 'the bank refused', [called('answered'), declined], 0],
    ['failed', 'its call was turned down', [called('turned_down')], 0],
  ]
  it.each(rows)('is %s when %s', (status, _, facts, refundedMinor) => {
    for (const order of [facts, [...facts].reverse()]) {
      const state = stateOf([...PAID, asked, ...order])
      expect(state.refunds).toEqual([{ id: 'rfd_1', attempt: 'att_1', amountMinor: 400, status, origin: 'e-service' }])
      expect([state.status, state.paidMinor, state.refundedMinor]).toEqual(['executed', 1234, refundedMinor])
    }
  })

  it('that the bank tells of and we never asked for is one of origin psp, once', () => {
    const theirs = (source: Source) =>
      read(
        'att_1',
        source,
        saying('att_1', 'refunded', { amount: { amountMinor: 400, currency: 'EUR' }, reference: 'r1' }),
      )
    const state = stateOf([...PAID, theirs('notice'), theirs('statement')])
    expect(state.refunds.map(({ origin, status, amountMinor }) => [origin, status, amountMinor])).toEqual([
      ['psp', 'done', 400],
    ])
    expect(state.refundedMinor).toBe(400)
  })

  it('that states another amount than was asked confirms nothing of ours and is one of origin psp', () => {
    const other = told({ about, says: 'refunded', states: { amount: { amountMinor: 300, currency: 'EUR' } } })
    const { refunds, refundedMinor } = stateOf([...PAID, asked, called('answered'), other])
    expect(refunds.map(({ origin, status, amountMinor }) => `${origin} ${status} ${amountMinor}`)).toEqual([
      'e-service sent 400',
      'psp done 300',
    ])
    expect(refundedMinor).toBe(300)
  })

  const room: readonly (readonly [string, readonly Fact[], number, Refusal | 'taken'])[] = [
    ['all of it', [], 1234, 'taken'],
    ['a part', [], 1, 'taken'],
    ['more than was paid', [], 1235, 'exceeds_paid'],
    ['nothing', [], 0, 'exceeds_paid'],
    ['less than nothing', [], -1, 'exceeds_paid'],
    ['what a requested one leaves', [asked], 834, 'taken'],
    ['more than a requested one leaves', [asked], 835, 'exceeds_paid'],
    ['more than a sent one leaves', [asked, called('answered')], 835, 'exceeds_paid'],
    ['more than an unknown one leaves', [asked, called('unknown')], 835, 'exceeds_paid'],
    ['more than a done one leaves', [asked, done], 835, 'exceeds_paid'],
    ['all, after one that failed', [asked, declined], 1234, 'taken'],
    ['more than the bank left by itself', [told(saying('att_1', 'refunded', { amount: LESS }))], 2, 'exceeds_paid'],
  ]
  it.each(room)('of %s is decided under the lock', (_, facts, amountMinor, expected) => {
    const command: Command = { do: 'refund', refund: 'rfd_2', attempt: 'att_1', number: '92', amountMinor }
    const decided = decide([...PAID, ...facts], command, EXPIRES)
    expect(decided.ok ? 'taken' : decided.error).toBe(expected)
  })

  it('of an attempt that is not executed is refused', () => {
    const command: Command = { do: 'refund', refund: 'rfd_2', attempt: 'att_1', number: '92', amountMinor: 1 }
    expect(decide([ordered(), begun('att_1'), accepted()], command, EXPIRES)).toEqual({
      ok: false,
      error: 'exceeds_paid',
    })
  })
})

describe('which money goes back', () => {
  const ONE = [ordered(), begun('att_1'), paid()]
  const TWICE = [...ONE, begun('att_2', { offer: 'B' }), paid(undefined, 'notice', 'att_2')]
  const taken = refundAsked('att_1', '1', 1_000)
  const many = Array.from({ length: MAX_REFUNDS }, (_, place) => refundAsked('att_1', `m${place}`, 1))
  const rows: readonly (readonly [string, readonly Fact[], Wanted, string])[] = [
    ['nothing was paid', [ordered(), begun('att_1'), accepted()], {}, 'not_paid 0'],
    ['no amount is named', ONE, {}, 'att_1 1234'],
    ['a part went back before', [...ONE, taken], {}, 'att_1 234'],
    ['a part is named', ONE, { amountMinor: 5 }, 'att_1 5'],
    ['too much is named', [...ONE, taken], { amountMinor: 235 }, 'exceeds_paid 234'],
    ['all went back before', [...ONE, taken, refundAsked('att_1', '2', 234)], {}, 'exceeds_paid 0'],
    ['two attempts were paid', TWICE, {}, 'attempt_needed 1234'],
    ['two attempts were paid and one has enough left', [...TWICE, taken], { amountMinor: 500 }, 'att_2 500'],
    ['two attempts were paid and one is named', [...TWICE, taken], { attempt: 'att_2' }, 'att_2 1234'],
    ['no one attempt has so much', TWICE, { amountMinor: 1_235 }, 'exceeds_paid 1234'],
    ['the attempt is not there', ONE, { attempt: 'att_3' }, 'unknown_attempt 0'],
    ['there were very many', [...ONE, ...many], {}, 'too_many_refunds 1224'],
  ]
  it.each(rows)('where %s', (_, facts, wanted, expected) => {
    const chosen = chooseRefund(stateOf(facts), wanted)
    const said = chosen.ok
      ? `${chosen.value.attempt.id} ${chosen.value.amountMinor}`
      : `${chosen.error.code} ${chosen.error.mostMinor}`
    expect(said).toBe(expected)
  })

  it('is never more than was paid, and what is chosen is taken', () => {
    const wishes = fc.array(fc.option(fc.integer({ min: 1, max: 1_300 }), { nil: undefined }), { maxLength: 6 })
    fc.assert(
      fc.property(anyWalk(), wishes, (walk, amounts) => {
        let { facts } = live(walk)
        for (const [place, amountMinor] of amounts.entries()) {
          const chosen = chooseRefund(stateOf(facts), { amountMinor })
          if (!chosen.ok) continue
          const asked = { refund: `rfd_w${place}`, number: `8${place}`, amountMinor: chosen.value.amountMinor } as const
          const decided = decide(facts, { do: 'refund', attempt: chosen.value.attempt.id, ...asked }, EXPIRES)
          expect(decided.ok).toBe(true)
          if (decided.ok) facts = [...facts, ...decided.value.facts]
          const { order, refunds } = stateOf(facts)
          const promised = refunds.filter(
            ({ attempt, status }) => attempt === chosen.value.attempt.id && status !== 'failed',
          )
          const sum = promised.reduce((total, one) => total + one.amountMinor, 0)
          expect(sum + chosen.value.attempt.reversedMinor).toBeLessThanOrEqual(order.amount.amountMinor)
        }
      }),
      { numRuns: 300 },
    )
  })
})
