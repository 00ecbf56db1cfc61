import { describe, expect, it } from 'vitest'
import type { Reading } from '../channels/channel.ts'
import { heardFrom, storable } from './readings.ts'

describe('what a bank wrote', () => {
  it.each([
    ['U+0000', { name: 'A\u0000B' }, { name: 'A\ufffdB' }],
    ['half of a pair', ['\ud83d', { deep: 'x\udc00' }], ['\ufffd', { deep: 'x\ufffd' }]],
    ['a whole pair', { name: '🏦' }, { name: '🏦' }],
    ['the letters of an escape', { name: '\\u0000' }, { name: '\\u0000' }],
  ])('is kept with a sign in the place of what no text can hold: %s', (_, written, kept) => {
    expect(storable(written)).toEqual(kept)
  })

  it('is the very same value where nothing is odd', () => {
    const written = { says: 'paid' }
    expect(storable(written)).toBe(written)
  })
})

describe('a reading', () => {
  const paid: Reading = {
    about: { number: '7' },
    says: 'paid',
    states: { amount: { amountMinor: 5, currency: 'EUR' } },
  }
  const keys = (...facts: readonly (readonly { readonly key: string }[])[]) =>
    new Set(facts.flat().map(({ key }) => key))

  it('that says the same is the same fact, however often and whenever it is brought', () => {
    expect(keys(heardFrom([paid, paid], 'return', 'att_1', 1), heardFrom([paid], 'return', 'att_1', 2)).size).toBe(1)
  })

  it.each([
    ['says another thing', heardFrom([{ ...paid, states: { reference: '1' } }], 'return', 'att_1', 1)],
    ['comes from another source', heardFrom([paid], 'notice', 'att_1', 1)],
    ['is about another attempt', heardFrom([paid], 'return', 'att_2', 1)],
  ])('that %s is another fact', (_, other) => {
    expect(keys(heardFrom([paid], 'return', 'att_1', 1), other).size).toBe(2)
  })
})
