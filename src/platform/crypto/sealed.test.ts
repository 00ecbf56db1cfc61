import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CannotOpen, openSealer, parseMasterKeys, sameBytes } from './index.ts'

const one = Buffer.alloc(32, 1).toString('base64')
const two = Buffer.alloc(32, 2).toString('base64')
const sealerOf = (text: string) => {
  const keys = parseMasterKeys(text)
  if (!keys.ok) throw new Error(keys.error)
  return openSealer(keys.value, randomBytes)
}

describe('a sealed text', () => {
  const sealer = sealerOf(one)

  it('opens for whom it is about, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string(), { maxLength: 4 }), (text, about) => {
        expect(sealer.open(sealer.seal(text, about), about).reveal()).toBe(Buffer.from(text).toString())
      }),
    )
  })

  it('does not open for another merchant, agreement or name', () => {
    const sealed = sealer.seal('key', ['liepkalni', 'swedbank', 'merchant'])
    for (const about of [
      ['other', 'swedbank', 'merchant'],
      ['liepkalni', 'swedbank', 'bank'],
      ['liepkalni', 'swedbank'],
      [],
    ]) {
      expect(() => sealer.open(sealed, about)).toThrow(CannotOpen)
    }
    expect(() => sealer.open(sealer.seal('key', ['ab', 'c']), ['a', 'bc'])).toThrow(CannotOpen)
  })

  it('does not open when a single character was altered', () => {
    const sealed = sealer.seal('a key of some length', ['x'])
    for (let place = 2; place < sealed.length; place++) {
      const altered = `${sealed.slice(0, place)}${sealed[place] === 'A' ? 'B' : 'A'}${sealed.slice(place + 1)}`
      if (Buffer.from(altered.slice(2), 'base64url').equals(Buffer.from(sealed.slice(2), 'base64url'))) continue
      expect(() => sealer.open(altered, ['x']), `character ${place}`).toThrow(CannotOpen)
    }
    for (const broken of ['', '1.', '1.AAAA', 'hello', sealed.slice(0, 20)]) {
      expect(() => sealer.open(broken, ['x'])).toThrow(CannotOpen)
    }
  })

  it('is different each time and is never printed', () => {
    expect(sealer.seal('key', [])).not.toBe(sealer.seal('key', []))
    expect(`${sealer.open(sealer.seal('key', []), [])}`).toBe('[secret]')
  })
})

describe('master keys', () => {
  it('open what an earlier one sealed, and the newest seals', () => {
    const old = sealerOf(one).seal('key', ['x'])
    const both = sealerOf(`2:${two}, 1:${one}`)
    expect(both.open(old, ['x']).reveal()).toBe('key')
    expect(both.isCurrent(old)).toBe(false)
    expect(both.isCurrent(both.seal('key', ['x']))).toBe(true)
    expect(() => sealerOf(`2:${two}`).open(old, ['x'])).toThrow('master key 1 is needed')
    expect(() => sealerOf(two).open(old, ['x'])).toThrow('another master key')
  })

  it.each([
    ['', 'must be 32 bytes in base64'],
    ['hello world', 'must be 32 bytes in base64'],
    ['AAAA', 'has 3 bytes; 32 are needed'],
    [`${one},${two}`, 'given twice'],
  ])('are refused when they are %j', (text, sentence) => {
    const result = parseMasterKeys(text)
    expect(result.ok ? '' : result.error).toContain(sentence)
  })
})

it('compares bytes by value', () => {
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abc'))).toBe(true)
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abd'))).toBe(false)
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abcd'))).toBe(false)
})
