import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64FromForm, toBase64 } from './base64.ts'
import { decode } from './charset.ts'
import { asciiOf, parseForm, queryOf, writeForm } from './form.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const parsed = (text: string) => parseForm(bytesOf(text)).map(({ name, value }) => [name, asciiOf(value)])

describe('a form', () => {
  it.each([
    [
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    [
      'a=&b&=c',
      [
        ['a', ''],
        ['b', ''],
        ['', 'c'],
      ],
    ],
    ['&&a=x=y&', [['a', 'x=y']]],
    ['a=1+2%2B3', [['a', '1 2+3']]],
    ['%61=%C2%ed', [['a', '\u00c2\u00ed']]],
    [
      'a=5%&b=%4&c=%zz',
      [
        ['a', '5%'],
        ['b', '%4'],
        ['c', '%zz'],
      ],
    ],
    ['', []],
  ] as const)('%s is split in its order, undecoded', (text, fields) => {
    expect(parsed(text)).toEqual(fields)
  })

  it('comes from the query of an address, without its fragment', () => {
    expect(asciiOf(queryOf('https://hub.example/back?a=1&b=?#c?d'))).toBe('a=1&b=?')
    expect(asciiOf(queryOf('https://hub.example/back#x?y'))).toBe('')
  })

  it('is written in its charset, or not at all', () => {
    const fields = [['VK_MSG', 'Šķūnis (2+3)'] as const]
    expect(writeForm(fields, 'UTF-8')).toEqual({ ok: true, value: 'VK_MSG=%C5%A0%C4%B7%C5%ABnis+%282%2B3%29' })
    expect(writeForm(fields, 'WINDOWS-1257')).toEqual({ ok: true, value: 'VK_MSG=%D0%ED%FBnis+%282%2B3%29' })
    expect(writeForm(fields, 'ISO-8859-1')).toEqual({ ok: false, error: 'VK_MSG: ISO-8859-1 has no "Š"' })
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' }))), (fields) => {
        const written = writeForm(fields, 'UTF-8')
        const read = written.ok ? parseForm(bytesOf(written.value)) : []
        expect(read.map(({ value }) => decode(value, 'UTF-8'))).toEqual(fields.map(([, value]) => value))
      }),
    )
  })
})

describe('base64 from a form', () => {
  const bytes = Uint8Array.of(0xfb, 0xef, 0xbe, 0x01)

  it.each(['++++AQ==', '    AQ==', '++\r\n++AQ==\n', '+ + AQ=='])('%j is repaired', (text) => {
    expect(base64FromForm(text)).toEqual(bytes)
    expect(toBase64(bytes)).toBe('++++AQ==')
  })

  it.each(['', 'abc', 'ab=c', '++++AQ=', '++++AQ==%', 'ķķķķ'])('%j is none', (text) => {
    expect(base64FromForm(text)).toBeUndefined()
  })
})
