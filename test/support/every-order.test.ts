import { expect, it } from 'vitest'
import { hear, stateOf } from '../../src/payments/payment.ts'
import { everyOrder, type Letter, reachOf } from './every-order.ts'
import { AMOUNT, saying } from './facts.ts'

/** The proof by trying all, tried itself: with hearts that have the habits it is there to find. */

const PAID = saying('att_1', 'paid', { amount: AMOUNT })
const LETTERS: readonly Letter[] = [
  { name: 'return accepted', source: 'return', readings: [saying('att_1', 'accepted', { amount: AMOUNT })] },
  { name: 'notice paid', source: 'notice', readings: [PAID] },
  {
    name: 'late notice refused',
    source: 'notice',
    readings: [{ about: { number: '1' }, says: 'refused', reason: 'declined' }],
  },
]

const HABITS: readonly (readonly [habit: string, heart: typeof hear])[] = [
  [
    'the last word wins',
    (facts, heard) => {
      const decisions = facts.filter(({ fact }) => fact !== 'reading')
      return { facts: heard, state: stateOf([...decisions, ...heard]) }
    },
  ],
  [
    'refused is final',
    (facts, heard, now) => {
      const refused = facts.some((fact) => fact.fact === 'reading' && fact.reading.says === 'refused')
      return refused ? { facts: [], state: stateOf(facts) } : hear(facts, heard, now)
    },
  ],
  [
    'what is closed hears nothing more',
    (facts, heard, now) =>
      facts.some(({ fact }) => fact === 'closed') ? { facts: [], state: stateOf(facts) } : hear(facts, heard, now),
  ],
  ['nothing is heard', (facts) => ({ facts: [], state: stateOf(facts) })],
]

it.each(HABITS)('finds out a heart for which %s', (_, heart) => {
  expect(everyOrder(LETTERS, 'att_1', { hear: heart }).findings).not.toEqual([])
})

it('finds nothing in ours, which hears each order of the messages after each beginning', () => {
  const orders = new Set<string>()
  const heart: typeof hear = (facts, heard, now) => {
    const told = hear(facts, heard, now)
    const decided = facts.flatMap(({ fact }) => (['closing_asked', 'plan_ended'].includes(fact) ? [fact] : []))
    const begun = [told.state.order.attempts, ...decided].join(' ')
    const order = [...facts, ...told.facts].flatMap((fact) => (fact.fact === 'reading' ? [fact.reading.says] : []))
    orders.add(`${begun}: ${order.join(', ')}`)
    return told
  }
  const { findings, subsets, sequences } = everyOrder(LETTERS, 'att_1', { hear: heart })
  expect(findings).toEqual([])
  expect({ subsets, sequences }).toEqual(reachOf(LETTERS.length))
  // Of three: three alone, six pairs, six of all.
  expect(orders.size).toBe(4 * (3 + 6 + 6))
})
