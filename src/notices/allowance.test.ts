import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openAllowance } from './allowance.ts'

describe('an address', () => {
  it('begins with two places, has twice as many after each acknowledgement, sixteen at most', () => {
    const allowance = openAllowance()
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      const places = allowance.take('a')
      seen.push(places)
      allowance.giveBack('a', places - 1)
      allowance.ended('a', true)
    }
    expect(seen).toEqual([2, 4, 8, 16, 16])
  })

  it('that fails is probed by one sending at a time', () => {
    const allowance = openAllowance()
    expect(allowance.take('a')).toBe(2)
    allowance.ended('a', false)
    allowance.ended('a', false)
    expect(allowance.take('a')).toBe(1)
    expect(allowance.take('a')).toBe(0)
  })
})

it('addresses that hang leave half of the places to those that answer', () => {
  const allowance = openAllowance()
  allowance.take('good')
  allowance.ended('good', true)
  for (let dead = 0; dead < 1_000; dead++) allowance.take(`dead ${dead}`)
  expect(allowance.take('good')).toBeGreaterThan(0)
  expect(allowance.take('new')).toBe(0)
  allowance.ended('dead 0', false)
  expect(allowance.take('new')).toBe(1)
})

it('no place is lost, whatever happens in whatever order', () => {
  const step = fc.record({ address: fc.integer({ min: 0, max: 300 }), acknowledged: fc.boolean(), used: fc.nat(16) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const allowance = openAllowance()
      const held: { readonly address: string; readonly acknowledged: boolean }[] = []
      for (const { address, acknowledged, used } of steps) {
        const name = `${address}`
        const places = allowance.take(name)
        const kept = Math.min(used, places)
        allowance.giveBack(name, places - kept)
        for (let one = 0; one < kept; one++) held.push({ address: name, acknowledged })
        expect(held.length).toBeLessThanOrEqual(512)
      }
      for (const { address, acknowledged } of held) allowance.ended(address, acknowledged)
      let suspects = 0
      for (let fresh = 0; fresh < 200; fresh++) suspects += allowance.take(`fresh ${fresh}`)
      expect(suspects).toBe(256)
    }),
  )
})
