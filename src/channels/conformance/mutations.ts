import fc from 'fast-check'
import type { WireMessage } from '../channel.ts'

/** Messages that no PSP sent: real ones altered somewhere, and plain garbage. */

/** A real message with one thing altered: a byte, a piece, a field, a header, its method. */
export const altered = (messages: readonly WireMessage[]): fc.Arbitrary<WireMessage> =>
  fc
    .tuple(fc.constantFrom(...messages), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom(...KINDS))
    .map(([message, at, difference, kind]) => ALTER[kind](message, at, difference))

export const garbage: fc.Arbitrary<WireMessage> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', ''),
  url: fc.string({ unit: 'binary' }).map((query) => `https://hub.example/psp/any/back?${query}`),
  headers: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.webQueryParameters().map((text) => new TextEncoder().encode(text)),
  ),
  receivedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
})

type Alter = (message: WireMessage, at: number, difference: number) => WireMessage

const ALTER = {
  byte: (message, at, difference) =>
    content(message, (bytes) => bytes.map((byte, place) => (place === at % bytes.length ? byte ^ difference : byte))),
  cut: (message, at, difference) =>
    content(message, (bytes) => {
      const start = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + difference)])
    }),
  insert: (message, at, difference) =>
    content(message, (bytes) => {
      const start = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, start), Uint8Array.of(difference), bytes.subarray(start)])
    }),
  'field left out': (message, at) => pairs(message, (all) => all.filter((_, place) => place !== at % all.length)),
  'field repeated': (message, at, difference) =>
    pairs(message, (all) => [...all, `${all[at % all.length] ?? ''}${difference % 2 === 0 ? '' : '9'}`]),
  'fields reversed': (message) => pairs(message, (all) => all.toReversed()),
  header: (message, at, difference) => {
    const names = Object.keys(message.headers)
    const name = names[at % names.length] ?? 'x-unknown'
    const value = message.headers[name] ?? ''
    const letter = String.fromCharCode(33 + (difference % 90))
    return { ...message, headers: { ...message.headers, [name]: value.slice(0, at % (value.length + 1)) + letter } }
  },
  method: (message) => ({ ...message, method: message.method === 'GET' ? 'POST' : 'GET' }),
} as const satisfies Readonly<Record<string, Alter>>

const KINDS = Object.keys(ALTER).filter((kind): kind is keyof typeof ALTER => kind in ALTER)

/** Alters what the message carries: its body, or the query of its address where it has none. The address stays printable. */
const content = (message: WireMessage, alter: (bytes: Uint8Array) => Uint8Array): WireMessage => {
  if (message.body.length > 0) return { ...message, body: new Uint8Array(alter(message.body)) }
  const start = message.url.indexOf('?') + 1
  if (start === 0) return message
  const query = alter(Buffer.from(message.url.slice(start), 'latin1'))
  const printable = Array.from(query, (byte) => String.fromCharCode(byte > 32 && byte < 127 ? byte : 33 + (byte % 94)))
  return { ...message, url: message.url.slice(0, start) + printable.join('') }
}

const pairs = (message: WireMessage, alter: (all: readonly string[]) => readonly string[]): WireMessage =>
  content(message, (bytes) => Buffer.from(alter(Buffer.from(bytes).toString('latin1').split('&')).join('&'), 'latin1'))
