import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Charset, hasLetter } from './charset.ts'
import { cutTo, oneLine, transliterate } from './text.ts'

const into = (charset: Charset) => (text: string) => transliterate(text, (letter) => hasLetter(letter, charset))
const codePoints = (text: string) => [...text].length

describe('a text for the bank', () => {
  it.each([
    ['  Nodoklis\r\n2026 \t par\u2028zemi ', 'Nodoklis 2026 par zemi'],
    ['s\u030c', 'š'],
    ['a\ud83db', 'a?b'],
    ['a\u0000b', 'a b'],
  ])('%j becomes one line', (text, line) => {
    expect(oneLine(text)).toBe(line)
  })

  it.each([
    ['WINDOWS-1257', 'Šķēršļi – 5 €', 'Šķēršļi – 5 €'],
    ['ISO-8859-1', 'Šķēršļi – „5” €', 'Skersli - "5" EUR'],
    ['ISO-8859-13', 'Nodoklis – Щукин, Ёлка, жена', 'Nodoklis - Shchukin, Elka, zhena'],
    ['ISO-8859-1', '日本 ﬁ 🚌', '?? fi ?'],
    ['UTF-8', 'Šķ – Щ 🚌', 'Šķ – Щ 🚌'],
  ] as const)('in %s, %s reads %s', (charset, text, written) => {
    expect(into(charset)(text)).toBe(written)
  })

  it('holds nothing that its charset lacks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        [...into('ISO-8859-1')(oneLine(text))].every((letter) => hasLetter(letter, 'ISO-8859-1')),
      ),
    )
  })

  it('is cut by code points, not in the middle of one, and not after a space', () => {
    expect(cutTo('ab🚌cd', 3, codePoints)).toBe('ab🚌')
    expect(cutTo('ab🚌cd', 5, (text) => Buffer.byteLength(text))).toBe('ab')
    expect(cutTo('ab cd', 3, codePoints)).toBe('ab')
    expect(cutTo('ab', 9, codePoints)).toBe('ab')
  })
})
