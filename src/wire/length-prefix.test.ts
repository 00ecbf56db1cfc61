import { describe, expect, it } from 'vitest'
import { lengthOf, lengthPrefixed } from './length-prefix.ts'

describe('a length-prefixed text', () => {
  it.each([
    [['data', '', '123'], 'chars', '004data000003123'],
    [['ÕUN'], 'chars', '003ÕUN'],
    [['ÕUN'], 'bytes', '004ÕUN'],
    [['🚌'], 'chars', '001🚌'],
    [[], 'chars', ''],
  ] as const)('of %j counts %s', (values, unit, text) => {
    expect(lengthPrefixed(values, unit, 'UTF-8')).toEqual({ ok: true, value: text })
  })

  it('takes 999 and refuses what three digits cannot say', () => {
    expect(lengthPrefixed(['x'.repeat(999)], 'chars', 'UTF-8').ok).toBe(true)
    expect(lengthPrefixed(['x'.repeat(1000)], 'chars', 'UTF-8')).toEqual({
      ok: false,
      error: 'a value of 1000 chars is longer than 999',
    })
  })

  it('counts bytes of the charset in which it is written', () => {
    expect(lengthOf('Šķūnis', 'bytes', 'UTF-8')).toEqual({ ok: true, value: 9 })
    expect(lengthOf('Šķūnis', 'bytes', 'WINDOWS-1257')).toEqual({ ok: true, value: 6 })
    expect(lengthOf('Šķūnis', 'bytes', 'ISO-8859-1').ok).toBe(false)
  })
})
