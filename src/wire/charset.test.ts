import { describe, expect, it } from 'vitest'
import { CHARSETS, charsetOf, decode, encode, hasLetter } from './charset.ts'

describe('a charset', () => {
  it.each([
    ['UTF-8', 'ĀķŠ', [0xc4, 0x80, 0xc4, 0xb7, 0xc5, 0xa0]],
    ['ISO-8859-13', 'ĀķŠ–', undefined],
    ['ISO-8859-13', 'Āķ”', [0xc2, 0xed, 0xa1]],
    ['WINDOWS-1257', 'ĀķŠ–€', [0xc2, 0xed, 0xd0, 0x96, 0x80]],
    ['ISO-8859-1', 'Õäü', [0xd5, 0xe4, 0xfc]],
    ['ISO-8859-1', 'Ā', undefined],
    ['ISO-8859-1', '–', undefined],
    ['UTF-8', '\ud83d', undefined],
  ] as const)('%s writes %s as its own bytes, or says what it lacks', (charset, text, bytes) => {
    const written = encode(text, charset)
    expect(written.ok ? [...written.value] : undefined).toEqual(bytes)
    if (bytes) expect(decode(Uint8Array.from(bytes), charset)).toBe(text)
  })

  it('names the letter that it lacks', () => {
    expect(encode('Siguldas ķēde', 'ISO-8859-1')).toEqual({ ok: false, error: 'ISO-8859-1 has no "ķ"' })
  })

  it.each(CHARSETS)('%s gives back the same bytes for whatever it could read', (charset) => {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Uint8Array.of(byte)
      const text = decode(bytes, charset)
      if (text !== undefined) expect(encode(text, charset)).toEqual({ ok: true, value: bytes })
    }
  })

  it('reads strictly: half a letter is no text, a byte order mark is kept', () => {
    expect(decode(Uint8Array.of(0x41, 0xc4), 'UTF-8')).toBeUndefined()
    expect(decode(Uint8Array.of(0xa1), 'WINDOWS-1257')).toBeUndefined()
    expect(decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), 'UTF-8')).toBe('\ufeffA')
  })

  it('is found by the name a message gives it', () => {
    expect(['utf-8', ' Windows-1257', 'KOI8-R', ''].map(charsetOf)).toEqual([
      'UTF-8',
      'WINDOWS-1257',
      undefined,
      undefined,
    ])
    expect(hasLetter('ķ', 'ISO-8859-1')).toBe(false)
  })
})
