import { describe, expect, it } from 'vitest'
import { AMOUNT, begun, forged, ordered, read, START, saying } from '../../test/support/facts.ts'
import { HOUR_MS } from '../kernel/time.ts'
import type { AttemptState, Fact, Source } from './facts.ts'
import { stateOf } from './payment.ts'

/** Which of two readings is shown where they differ: never the one that merely came later. */

const attemptOf = (facts: readonly Fact[]): AttemptState | undefined =>
  stateOf(facts).attempts.find((attempt) => attempt.id === 'att_1')

describe('the details shown', () => {
  const A = [ordered(), begun('att_1')]
  const at = START + HOUR_MS
  const told = (source: Source, reference: string, name: string, when = at) =>
    read('att_1', source, { ...saying('att_1', 'paid', { amount: AMOUNT, reference, at: when }), payer: { name } })
  const rows: readonly (readonly [string, readonly Fact[], string, string])[] = [
    ['a statement before an enquiry', [told('enquiry', '2', 'E'), told('statement', '1', 'S')], '1', 'S'],
    ['an enquiry before a notice', [told('notice', '2', 'N'), told('enquiry', '1', 'E')], '1', 'E'],
    ['a notice before a return', [told('return', '2', 'R'), told('notice', '1', 'N')], '1', 'N'],
    ["the newest by the bank's time", [told('notice', '2', 'old', at - 1), told('notice', '1', 'new')], '1', 'new'],
    [
      'a bank that gives a time before one that gives none',
      [
        read('att_1', 'notice', {
          ...saying('att_1', 'paid', { amount: AMOUNT, reference: '2' }),
          payer: { name: 'none' },
        }),
        told('notice', '1', 'timed'),
      ],
      '1',
      'timed',
    ],
    [
      'what only the weaker source states',
      [read('att_1', 'statement', saying('att_1', 'paid', { amount: AMOUNT })), told('return', '1', 'R')],
      '1',
      'R',
    ],
    ['nothing of a forgery', [forged, told('return', '1', 'R')], '1', 'R'],
  ]
  it.each(rows)('come from %s', (_, facts, reference, name) => {
    for (const order of [facts, [...facts].reverse()]) {
      const attempt = attemptOf([...A, ...order])
      expect([attempt?.bankReference, attempt?.payer?.name]).toEqual([reference, name])
    }
  })

  it('come from one of two equal readings by their digests, whichever was heard first', () => {
    const [one, two] = [told('notice', '1', 'One'), told('notice', '2', 'Two')]
    expect(attemptOf([...A, one, two])?.bankReference).toBe(attemptOf([...A, two, one])?.bankReference)
  })

  it('take the time from the acceptance where the bank states none when it executes, and show none before', () => {
    const taken = read('att_1', 'notice', saying('att_1', 'accepted', { amount: AMOUNT, at }))
    const executed = read('att_1', 'notice', saying('att_1', 'paid'))
    expect(attemptOf([...A, taken])?.paidAt).toBeUndefined()
    expect(attemptOf([...A, taken, executed])?.paidAt).toBe(at)
    const timed = read('att_1', 'return', saying('att_1', 'paid', { amount: AMOUNT, at: at + HOUR_MS }))
    expect(attemptOf([...A, taken, executed, timed])?.paidAt).toBe(at + HOUR_MS)
  })

  it('show nothing of a forgery alone', () => {
    const attempt = attemptOf([...A, forged])
    expect([attempt?.bankReference, attempt?.payer, attempt?.paidAt]).toEqual([undefined, undefined, undefined])
  })
})
