import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Allowance, openAllowance, type Place } from './allowance.ts'

/** An allowance with its own time, and what is sent by it. */
const world = () => {
  let now = 0
  const allowance = openAllowance(() => now)
  /** Takes and begins all that may be begun. */
  const send = (address: string): readonly Place[] => {
    const places = allowance.take(address)
    places.forEach(allowance.began)
    return places
  }
  return {
    allowance,
    send,
    pass: (ms: number) => {
      now += ms
    },
    /** All of these hang, for as long as one that this process knows has to. */
    hang: (count: number): readonly Place[] => Array.from({ length: count }, (_, one) => send(`dead ${one}`)).flat(),
    fail: (places: readonly Place[]) => places.map((place) => allowance.ended(place, false)),
  }
}

const acknowledgeOne = (allowance: Allowance, places: readonly Place[]): void => {
  const [first, ...rest] = places
  allowance.giveBack(rest)
  if (first) allowance.began(first)
  if (first) allowance.ended(first, true)
}

describe('an address', () => {
  it('begins with two places, has twice as many after each acknowledgement, sixteen at most', () => {
    const { allowance } = world()
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      const places = allowance.take('a')
      seen.push(places.length)
      acknowledgeOne(allowance, places)
    }
    expect(seen).toEqual([2, 4, 8, 16, 16])
  })

  it('that fails at once is probed by one sending at a time, and gets its place whatever hangs', () => {
    const { send, fail, hang, pass } = world()
    const places = send('a')
    expect(places).toHaveLength(2)
    fail(places)
    hang(300)
    pass(1_000)
    expect(send('a')).toHaveLength(1)
    expect(send('a')).toHaveLength(0)
  })

  it('that has not answered for a second gets nothing more until it has', () => {
    const { allowance, send, pass } = world()
    for (let round = 0; round < 2; round++) acknowledgeOne(allowance, allowance.take('a'))
    const [first, ...others] = send('a')
    allowance.giveBack(others)
    expect(send('a')).toHaveLength(7)
    pass(1_000)
    expect(send('a')).toHaveLength(0)
    if (first) allowance.ended(first, true)
    expect(send('a')).toHaveLength(0)
  })

  it('of which something failed before this process began is taken for hung till it has answered', () => {
    const { allowance, send } = world()
    allowance.meet('a', true)
    allowance.meet('b', false)
    expect([send('a'), send('b')].map(({ length }) => length)).toEqual([1, 2])
    expect([allowance.knows('a'), allowance.knows('c')]).toEqual([true, false])
  })
})

describe('addresses that hang', () => {
  it('keep the others from their places for a second at most, though all died at once', () => {
    const { send, hang, pass } = world()
    expect(hang(384)).toHaveLength(512)
    expect(send('good')).toHaveLength(0)
    pass(1_000)
    expect(send('good')).toHaveLength(2)
  })

  it('have places of their own once they are known, and no more connections than a process bears', () => {
    const { send, hang, pass, fail } = world()
    const dead = hang(200)
    pass(15_000)
    fail(dead)
    expect(hang(300)).toHaveLength(200 + 2 * 100)
    for (let round = 0; round < 9; round++) {
      pass(1_000)
      for (let one = 0; one < 256; one++) send(`dead since ${round} ${one}`)
    }
    expect(send('good')).toHaveLength(0)
  })

  it('known from the database, hold none of the places of the others from the first moment', () => {
    const { allowance, send, hang } = world()
    for (let one = 0; one < 5_000; one++) allowance.meet(`dead ${one}`, true)
    expect(hang(5_000)).toHaveLength(256)
    expect(send('new')).toHaveLength(2)
  })

  it('are tried also while many others are merely slow', () => {
    const { allowance, send, pass } = world()
    for (let slow = 0; slow < 40; slow++) {
      for (let round = 0; round < 4; round++) acknowledgeOne(allowance, allowance.take(`slow ${slow}`))
    }
    const under: Place[] = []
    for (let slow = 0; slow < 40; slow++) {
      under.push(...send(`slow ${slow}`))
      pass(1_000)
    }
    expect(under).toHaveLength(640)
    allowance.meet('mended', true)
    expect(send('mended')).toHaveLength(1)
  })

  it('are tried one after the other, as places become free', () => {
    const { allowance, send, hang, fail } = world()
    for (let one = 0; one < 300; one++) allowance.meet(`dead ${one}`, true)
    const [first, ...others] = hang(300)
    expect(send('dead 299')).toHaveLength(0)
    fail(first ? [first] : [])
    expect(send('dead 299')).toHaveLength(1)
    expect(others).toHaveLength(255)
  })
})

it('no place is lost, whatever happens in whatever order', () => {
  const step = fc.record({
    address: fc.integer({ min: 0, max: 300 }),
    acknowledged: fc.boolean(),
    used: fc.nat(16),
    passMs: fc.constantFrom(0, 10, 1_000),
    ends: fc.nat(16),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const { allowance, pass, hang } = world()
      let most = 0
      const held: { readonly place: Place; readonly acknowledged: boolean }[] = []
      for (const { address, acknowledged, used, passMs, ends } of steps) {
        const places = allowance.take(`${address}`)
        allowance.giveBack(places.slice(used))
        for (const place of places.slice(0, used)) {
          allowance.began(place)
          held.push({ place, acknowledged })
        }
        most = Math.max(most, held.length)
        pass(passMs)
        for (const one of held.splice(0, ends)) allowance.ended(one.place, one.acknowledged)
      }
      for (const one of held) allowance.ended(one.place, one.acknowledged)
      expect(most).toBeLessThanOrEqual(2_048)
      for (let one = 0; one < 300; one++) allowance.meet(`dead ${one}`, true)
      expect(hang(300)).toHaveLength(256)
      const fresh = Array.from({ length: 300 }, (_, one) => allowance.take(`fresh ${one}`).length)
      expect(fresh.reduce((sum, places) => sum + places, 0)).toBe(512)
    }),
    { numRuns: 50 },
  )
})
