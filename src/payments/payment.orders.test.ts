import { describe, expect, it } from 'vitest'
import { AMOUNT, begun, LESS, ordered, outcome, planEnded, read, START, saying } from '../../test/support/facts.ts'
import type { Reading, States } from '../channels/channel.ts'
import type { Fact, Heard, PaymentState } from './facts.ts'
import { hear, stateOf } from './payment.ts'

/**
 * The proof by trying all: what a channel can bring us of one attempt – the payer's return, the notice, a late notice that contradicts it,
 * the answer to an enquiry – in every order and repetition up to six messages, ends in the one state of the set of what was heard.
 */
const MOST_MESSAGES = 6

type Channel = { readonly channel: string; readonly brings: readonly [Heard, Heard, Heard, Heard] }

const says = (word: 'paid' | 'accepted' | 'waiting' | 'reversed' | 'ask', states?: States): Reading =>
  saying('att_1', word, states)
const declined: Reading = { about: { number: '1' }, says: 'refused', reason: 'declined' }
const cancelled: Reading = { about: { number: '1' }, says: 'refused', reason: 'cancelled_by_payer' }
const byReturn = (reading: Reading) => read('att_1', 'return', reading)
const byNotice = (reading: Reading, copy = 0) => read('att_1', 'notice', reading, START, copy)
const byEnquiry = (reading: Reading) => read('att_1', 'enquiry', reading)

const CHANNELS: readonly Channel[] = [
  {
    channel: 'a bank link that states the amount in every message',
    brings: [
      byReturn(says('paid', { amount: AMOUNT, reference: '1' })),
      byNotice(says('paid', { amount: AMOUNT, reference: '1' })),
      byNotice(declined),
      byEnquiry(says('paid', { amount: AMOUNT, reference: '1' })),
    ],
  },
  {
    channel: 'a bank that accepts with the amount and says paid without it',
    brings: [
      byReturn(says('accepted', { amount: AMOUNT })),
      byNotice(says('paid', { reference: '1' })),
      byNotice(declined),
      byEnquiry(says('waiting')),
    ],
  },
  {
    channel: 'a bank whose messages state no amount, bound by our signed order',
    brings: [
      byReturn(says('accepted', { amount: 'as ordered' })),
      byNotice(says('paid', { amount: 'as ordered' })),
      byNotice(says('reversed')),
      byEnquiry(says('paid', { amount: 'as ordered', reference: '1' })),
    ],
  },
  {
    channel: 'a gateway that hints and must be asked',
    brings: [
      byReturn(says('ask')),
      byNotice(says('ask'), 1),
      byNotice(declined),
      byEnquiry(says('paid', { amount: AMOUNT })),
    ],
  },
  {
    channel: 'a gateway whose payer cancels and pays after all',
    brings: [
      byReturn(cancelled),
      byNotice(says('paid', { amount: AMOUNT, reference: '1' })),
      byNotice(says('paid', { amount: AMOUNT, reference: '2' }), 1),
      byEnquiry(says('reversed', { amount: LESS })),
    ],
  },
  {
    channel: 'a gateway that states wrong amounts and echoes what its answer told',
    brings: [
      byReturn(says('paid', { amount: AMOUNT, echo: { token: 'x' } })),
      byNotice(says('paid', { amount: LESS })),
      byNotice(says('paid', { amount: AMOUNT, echo: { token: 'y' } }), 1),
      outcome('att_1', 'begin', 'answered', { echo: { token: 'x' } }),
    ],
  },
]

/** What was decided before the first message was heard. */
const BEGINNINGS: readonly (readonly [string, readonly Fact[]])[] = [
  ['after it began', [ordered(), begun('att_1')]],
  [
    'after its one attempt lapsed and the payment was closed',
    [
      ordered('one'),
      begun('att_1'),
      planEnded('att_1', 'not_paid'),
      { fact: 'closed', key: 'closed', at: START, as: 'expired' },
    ],
  ],
]

type Walked = { readonly sequences: number; readonly subsets: number; readonly wrong: readonly string[] }

/** Hears every sequence, each beginning once: a walk through the tree of all. */
const hearAll = (decided: readonly Fact[], brings: readonly Heard[]): Walked => {
  const ends = new Map<number, string>()
  const wrong: string[] = []
  let sequences = 0
  const walk = (facts: readonly Fact[], state: PaymentState, heard: readonly number[]) => {
    sequences++
    const subset = heard.reduce((set, place) => set | (1 << place), 0)
    const is = visible(state)
    if ((ends.get(subset) ?? is) !== is) wrong.push(heard.join(' '))
    ends.set(subset, ends.get(subset) ?? is)
    if (heard.length === MOST_MESSAGES) return
    brings.forEach((message, place) => {
      const told = hear(facts, [{ ...message, at: START + heard.length }], START + heard.length)
      walk([...facts, ...told.facts], told.state, [...heard, place])
    })
  }
  walk(decided, stateOf(decided), [])
  return { sequences, subsets: ends.size, wrong }
}

/** All that is shown: the state but for when we heard. */
const visible = (state: PaymentState): string =>
  JSON.stringify({
    ...state,
    current: state.current?.id,
    attempts: state.attempts.map(({ returnedAt: _, asked: __, ...attempt }) => attempt),
  })

const sequencesUpTo = (length: number, messages: number): number =>
  length === 0 ? 1 : messages ** length + sequencesUpTo(length - 1, messages)

describe('every order and repetition of what a channel brings', () => {
  let total = 0
  it.each(CHANNELS)('ends in the one state of its subset: $channel', ({ brings }) => {
    for (const [when, decided] of BEGINNINGS) {
      const { sequences, subsets, wrong } = hearAll(decided, brings)
      expect(wrong, when).toEqual([])
      expect([sequences, subsets]).toEqual([sequencesUpTo(MOST_MESSAGES, 4), 2 ** 4])
      total += sequences
    }
  })

  it('is counted', () => {
    expect(total).toBe(CHANNELS.length * BEGINNINGS.length * 5_461)
    const words = `${total.toLocaleString('en')} sequences of up to ${MOST_MESSAGES} messages`
    process.stdout.write(`${words}, ${CHANNELS.length} kinds of channel: each ends in the one state of its subset\n`)
  })
})
