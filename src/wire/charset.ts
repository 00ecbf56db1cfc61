import { fail, ok, type Result } from '../kernel/result.ts'

/**
 * The charsets in which Baltic banks write, by the names they use in VK_ENCODING. One byte or UTF-8 only, so that decoding strictly
 * and encoding again gives the same bytes: what a signature covers can be rebuilt from the text.
 */
export const CHARSETS = ['UTF-8', 'ISO-8859-1', 'ISO-8859-13', 'WINDOWS-1257'] as const
export type Charset = (typeof CHARSETS)[number]

/** The charset a message names, whatever its case; undefined when it is none of ours. */
export const charsetOf = (name: string): Charset | undefined =>
  CHARSETS.find((charset) => charset === name.trim().toUpperCase())

/** Strict: undefined when the bytes are no text of that charset. Nothing is dropped, not even a byte order mark. */
export const decode = (bytes: Uint8Array, charset: Charset): string | undefined => {
  if (charset === 'UTF-8') return decodeUtf8(bytes)
  const { letters } = tableOf(charset)
  let text = ''
  for (const byte of bytes) {
    const letter = letters[byte]
    if (letter === undefined) return undefined
    text += letter
  }
  return text
}

/** Errors: a sentence that names the first letter which the charset does not have. */
export const encode = (text: string, charset: Charset): Result<Uint8Array, string> => {
  const strange = [...text].find((letter) => !hasLetter(letter, charset))
  if (strange !== undefined) return fail(`${charset} has no "${strange}"`)
  if (charset === 'UTF-8') return ok(new TextEncoder().encode(text))
  const { bytes } = tableOf(charset)
  return ok(Uint8Array.from(text, (letter) => bytes.get(letter) ?? 0))
}

/** Whether a letter (one code point) can be written. Half of a surrogate pair cannot, in any charset. */
export const hasLetter = (letter: string, charset: Charset): boolean =>
  charset === 'UTF-8' ? !/^\p{Surrogate}$/u.test(letter) : tableOf(charset).bytes.has(letter)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

type Table = { readonly letters: readonly (string | undefined)[]; readonly bytes: ReadonlyMap<string, number> }
type OneByte = Exclude<Charset, 'UTF-8'>

const tables = new Map<OneByte, Table>()

const tableOf = (charset: OneByte): Table => {
  const known = tables.get(charset)
  if (known) return known
  const letters = Array.from({ length: 256 }, (_, byte) => letterOf(byte, charset))
  const bytes = new Map(letters.flatMap((letter, byte) => (letter === undefined ? [] : [[letter, byte] as const])))
  const table = { letters, bytes }
  tables.set(charset, table)
  return table
}

const letterOf = (byte: number, charset: OneByte): string | undefined => {
  // TextDecoder takes ISO-8859-1 for windows-1252, as browsers do; the two differ below 0xA0, where the standard has controls.
  if (charset === 'ISO-8859-1') return String.fromCharCode(byte)
  try {
    return new TextDecoder(charset, { fatal: true }).decode(Uint8Array.of(byte))
  } catch {
    return undefined
  }
}
