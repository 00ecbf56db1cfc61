import { fail, ok, type Result } from '../kernel/result.ts'
import { type Charset, encode } from './charset.ts'

/** One field as it came: the value is not decoded, since only a signature may prove its charset. */
export type RawField = { readonly name: string; readonly value: Uint8Array }

const AMPERSAND = 0x26
const EQUALS = 0x3d
const PERCENT = 0x25
const PLUS = 0x2b
const SPACE = 0x20

/** The query of an address as it was requested, without `?`; letters beyond ASCII as the bytes of UTF-8. */
export const queryOf = (url: string): Uint8Array => {
  const [beforeFragment = ''] = url.split('#', 1)
  const start = beforeFragment.indexOf('?')
  return new TextEncoder().encode(start < 0 ? '' : beforeFragment.slice(start + 1))
}

/**
 * Splits `application/x-www-form-urlencoded` bytes, in their order, repeated names included. A `%` that begins no escape stays as it
 * is, as browsers read it: what it meant is decided by the signature over it.
 */
export const parseForm = (bytes: Uint8Array): readonly RawField[] =>
  split(bytes, AMPERSAND)
    .filter((pair) => pair.length > 0)
    .map((pair) => {
      const at = pair.indexOf(EQUALS)
      const [name, value] = at < 0 ? [pair, new Uint8Array()] : [pair.subarray(0, at), pair.subarray(at + 1)]
      return { name: asciiOf(plainBytes(name)), value: plainBytes(value) }
    })

/** One character a byte; for the fields of a message whose values the protocol keeps within ASCII. */
export const asciiOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** `name=value&…` with the values as bytes of the charset, as a browser posts a form. Errors: a letter that the charset lacks. */
export const writeForm = (
  fields: readonly (readonly [name: string, value: string])[],
  charset: Charset,
): Result<string, string> => {
  const pairs: string[] = []
  for (const [name, value] of fields) {
    const bytes = encode(value, charset)
    if (!bytes.ok) return fail(`${name}: ${bytes.error}`)
    pairs.push(`${encodeURIComponent(name)}=${escaped(bytes.value)}`)
  }
  return ok(pairs.join('&'))
}

const split = (bytes: Uint8Array, separator: number): readonly Uint8Array[] => {
  const parts: Uint8Array[] = []
  let start = 0
  for (let at = bytes.indexOf(separator); at >= 0; at = bytes.indexOf(separator, start)) {
    parts.push(bytes.subarray(start, at))
    start = at + 1
  }
  return [...parts, bytes.subarray(start)]
}

const plainBytes = (bytes: Uint8Array): Uint8Array => {
  const plain: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const code = byte === PERCENT ? hexOf(bytes[at + 1], bytes[at + 2]) : undefined
    if (code !== undefined) at += 2
    plain.push(code ?? (byte === PLUS ? SPACE : byte))
  }
  return Uint8Array.from(plain)
}

const hexOf = (high = 0, low = 0): number | undefined => {
  const digits = String.fromCharCode(high, low)
  return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}

const UNESCAPED = /[A-Za-z0-9*\-._]/

const escaped = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte)
    if (letter === ' ') return '+'
    return UNESCAPED.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
