import type { Chance } from '../../torture/chance.ts'
import type { Sent } from '../request.ts'
import type { Genuine } from './genuine.ts'

/** A real message that somebody has altered, and what was done to it. */
export type Mangled = { readonly done: string; readonly sent: Sent }

/** Another real one, to take from. */
type Other = Pick<Genuine, 'sent' | 'attempt'>
type Mangle = (message: Sent, chance: Chance, other: Other) => Sent

/** What the message says: its body, or the query of its address where it has none. */
const contentOf = ({ target, body }: Sent): Buffer =>
  body && body.length > 0 ? Buffer.from(body) : Buffer.from(target.split('?')[1] ?? '', 'latin1')

const saying = (message: Sent, content: Uint8Array): Sent => {
  if (message.body && message.body.length > 0) return { ...message, body: content }
  const printable = Array.from(content, (byte) =>
    byte > 32 && byte < 127 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`,
  )
  return { ...message, target: `${message.target.split('?')[0]}?${printable.join('')}` }
}

const changed =
  (alter: (content: Buffer, chance: Chance, other: Buffer) => Uint8Array | string): Mangle =>
  (message, chance, other) => {
    const content = contentOf(message)
    const altered = alter(content, chance, contentOf(other.sent))
    return saying(message, typeof altered === 'string' ? Buffer.from(altered, 'latin1') : altered)
  }

/** Fields of a form, or members of JSON as they are written. */
const divided = (text: string): readonly [parts: readonly string[], joint: string] =>
  text.startsWith('{') ? [text.slice(1, -1).split(','), ','] : [text.split('&'), '&']
const joined = (text: string, parts: readonly string[], joint: string): string =>
  text.startsWith('{') ? `{${parts.join(joint)}}` : parts.join(joint)

const fields = (
  alter: (parts: readonly string[], chance: Chance, others: readonly string[]) => readonly string[],
): Mangle =>
  changed((content, chance, other) => {
    const text = content.toString('latin1')
    const [parts, joint] = divided(text)
    return joined(text, alter(parts, chance, divided(other.toString('latin1'))[0]), joint)
  })

const someOf = (parts: readonly unknown[], chance: Chance): number => chance.between(0, Math.max(0, parts.length - 1))
const nameOf = (part: string): string => part.split(/[=:]/)[0] ?? ''

const header = (message: Sent, name: string, value: string | undefined): Sent => ({
  ...message,
  headers: [
    ...message.headers.filter(([known]) => known !== name),
    ...(value === undefined ? [] : [[name, value] as const]),
  ],
})

const ACCOUNTS = [
  'LV23HABA0000000000101',
  '00000',
  '999999.99',
  '0.01',
  '-1',
  'EUR',
  'USD',
  '1e9',
  '1101',
  '1111',
  '1911',
  '0004',
  'paid',
  'null',
]

const MANGLES: Readonly<Record<string, Mangle>> = {
  'a bit is flipped': changed((content, chance) => {
    const at = someOf([...content], chance)
    return content.map((byte, place) => (place === at ? byte ^ (1 << chance.between(0, 7)) : byte))
  }),
  'bits are flipped': changed((content, chance) =>
    content.map((byte) => (chance.happens(0.02) ? byte ^ chance.between(1, 255) : byte)),
  ),
  'the end is missing': changed((content, chance) => content.subarray(0, someOf([...content], chance))),
  'the beginning is missing': changed((content, chance) => content.subarray(1 + someOf([...content], chance))),
  'a piece is put in': changed((content, chance) => {
    const at = someOf([...content], chance)
    const piece = chance.pick(
      '%00',
      '\0',
      '&',
      '=',
      '+',
      '%',
      '\r\n',
      '\xff\xfe',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
      '&#0;',
      '{"',
      '"}',
      'A'.repeat(3_000),
    )
    return Buffer.concat([content.subarray(0, at), Buffer.from(piece, 'latin1'), content.subarray(at)])
  }),
  'letters are of the other case': changed((content, chance) =>
    chance.happens(0.5) ? content.toString('latin1').toUpperCase() : content.toString('latin1').toLowerCase(),
  ),
  'written in another charset': changed((content, chance) =>
    chance.happens(0.5)
      ? Buffer.from(content.toString('latin1'), 'utf16le')
      : Buffer.from(content.toString('latin1'), 'utf8'),
  ),
  'everything is percent-encoded': changed((content) =>
    Array.from(content, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ),
  'a field is missing': fields((parts, chance) => parts.toSpliced(someOf(parts, chance), 1)),
  'a field is there twice': fields((parts, chance) => {
    const at = someOf(parts, chance)
    const copy = chance.happens(0.5) ? (parts[at] ?? '') : `${nameOf(parts[at] ?? '')}=${chance.pick('', ...ACCOUNTS)}`
    return parts.toSpliced(chance.happens(0.5) ? 0 : parts.length, 0, copy)
  }),
  'fields are in another order': fields((parts, chance) => [...parts].sort(() => chance.next() - 0.5)),
  'a field says something else': fields((parts, chance) => {
    const at = someOf(parts, chance)
    const joint = parts[at]?.includes('=') ? '=' : ':'
    return parts.with(at, `${nameOf(parts[at] ?? '')}${joint}${chance.pick('', ...ACCOUNTS)}`)
  }),
  'a field is another payment’s': fields((parts, chance, others) => {
    const at = someOf(parts, chance)
    return parts.with(at, others.find((one) => nameOf(one) === nameOf(parts[at] ?? '')) ?? parts[at] ?? '')
  }),
  'half of the fields are another payment’s': fields((parts, chance, others) =>
    parts.map((part) => (chance.happens(0.5) ? (others.find((one) => nameOf(one) === nameOf(part)) ?? part) : part)),
  ),
  'a field changes its name': fields((parts, chance) => {
    const at = someOf(parts, chance)
    return parts.with(at, (parts[at] ?? '').replace(/^("?)(\w)/, chance.pick('$1X$2', '$1', '$1__proto__')))
  }),
  'another algorithm or version': changed((content, chance) =>
    content
      .toString('latin1')
      .replace(/(VERSION=)\d+/, `$1${chance.pick('000', '001', '002', '007', '008', '009', '010', 'none')}`)
      .replace(/("event":")/, `$1${chance.pick('none.', 'HS256.', '')}`),
  ),
  'the signature is another’s': (message, chance, other) => {
    const signature = other.sent.headers.find(([name]) => name === 'x-sandbox-signature')?.[1]
    const taken = message.headers.some(([name]) => name === 'x-sandbox-signature')
      ? header(message, 'x-sandbox-signature', signature ?? chance.pick('', 'AAAA', 'none'))
      : message
    return fields((parts, _, others) =>
      parts.map((part) =>
        /^(VK_MAC|IB_CRC)=/.test(part)
          ? (others.find((one) => nameOf(one) === nameOf(part)) ?? `${nameOf(part)}=`)
          : part,
      ),
    )(taken, chance, other)
  },
  'the signature is none': (message, chance, other) =>
    fields((parts) =>
      parts.map((part) =>
        /^(VK_MAC|IB_CRC)=/.test(part)
          ? `${nameOf(part)}=${chance.pick('', 'AAAA', '%00', 'none', 'A'.repeat(344))}`
          : part,
      ),
    )(
      header(
        message,
        'x-sandbox-signature',
        chance.pick<string | undefined>(undefined, '', 'AAAA', 'A'.repeat(88), '='),
      ),
      chance,
      other,
    ),
  'another agreement’s address': (message, chance, other) => ({
    ...message,
    target: message.target.replace(
      /^\/psp\/[^?]*/,
      chance.pick(
        other.sent.target.split('?')[0] ?? '',
        '/psp/swedbank-lv/eglupe-swedbank/notice',
        '/psp/sandbox/eglupe-sandbox/notice',
      ),
    ),
  }),
  'another attempt’s address': (message, _, other) => ({
    ...message,
    target: message.target.replace(/att_[0-9a-z]{26}/, other.attempt),
  }),
  'an address that is none': (message, chance) => ({
    ...message,
    target: message.target.replace(
      /att_\w+|notice|back/,
      chance.pick('att_00000000000000000000000000', 'att_%00', '%2e%2e', '', 'notice', 'back', 'x'.repeat(2_000)),
    ),
  }),
  'another method': (message, chance) => {
    const method = chance.pick('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH')
    const { body: _, ...bare } = message
    return method === 'GET' || method === 'HEAD' ? { ...bare, method } : { ...message, method }
  },
  'body and query change places': (message) => {
    const [path = '', query = ''] = message.target.split('?')
    if (message.body === undefined)
      return {
        method: 'POST',
        target: path,
        headers: [['content-type', 'application/x-www-form-urlencoded']],
        body: Buffer.from(query),
      }
    return {
      method: 'GET',
      target: saying({ ...message, method: 'GET', target: path, body: new Uint8Array() }, message.body).target,
      headers: [],
    }
  },
  'another type of content': (message, chance) =>
    header(
      message,
      'content-type',
      chance.pick<string | undefined>(
        undefined,
        '',
        'text/xml',
        'application/json',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded; charset=utf-16',
        'application/x-www-form-urlencoded; charset=iso-8859-13',
        'application/x-www-form-urlencoded; charset=\xff',
      ),
    ),
  'headers that change nothing, or so it should be': (message, chance) => {
    const [name = '', value = ''] = chance.pick(
      ['x-forwarded-for', '\xff, 1.2.3.4.5'],
      ['cookie', '__proto__=x; a=b'],
      ['authorization', 'Bearer x'],
      ['x-http-method-override', 'DELETE'],
      ['origin', 'null'],
      ['content-encoding', 'gzip'],
      ['x-ebizness', 'A'.repeat(3_000)],
    )
    return header(message, name, value)
  },
  'too large': changed((content, chance) =>
    Buffer.concat([content, Buffer.alloc(chance.pick(9_000, 60_000), content.toString().startsWith('{') ? ' ' : '&')]),
  ),
}

const NAMES = Object.keys(MANGLES)
const [FIRST_NAME = '', ...OTHER_NAMES] = NAMES

/** A real message with one thing done to it; now and then two. `other` is another real one, to take from. */
export const mangled = ({ sent }: Genuine, other: Genuine, chance: Chance): Mangled => {
  const done = chance.happens(0.85)
    ? [chance.pick(FIRST_NAME, ...OTHER_NAMES)]
    : [chance.pick(FIRST_NAME, ...OTHER_NAMES), chance.pick(FIRST_NAME, ...OTHER_NAMES)]
  const message = done.reduce((before, name) => MANGLES[name]?.(before, chance, other) ?? before, sent)
  return { done: done.join(', '), sent: fitting(message) }
}

/** A query longer than all headers together may be is the other part's: this one is about what is read. */
const MAX_TARGET = 12_000
const fitting = (message: Sent): Sent => ({ ...message, target: message.target.slice(0, MAX_TARGET) })

/** Of these, what is done to the content alone. */
const OF_CONTENT = [
  'a bit is flipped',
  'bits are flipped',
  'the end is missing',
  'the beginning is missing',
  'a piece is put in',
  'letters are of the other case',
  'written in another charset',
  'everything is percent-encoded',
  'a field is missing',
  'a field is there twice',
  'fields are in another order',
  'a field says something else',
  'a field is another payment’s',
  'half of the fields are another payment’s',
  'a field changes its name',
  'too large',
] as const

/** The same done to what a bank answers. */
export const mangledContent = (
  content: Uint8Array,
  other: Uint8Array,
  chance: Chance,
): { readonly done: string; readonly content: Uint8Array } => {
  const [first, ...others] = OF_CONTENT
  const done = chance.pick<string>(first, ...others)
  const carried = (body: Uint8Array): Sent => ({ method: 'POST', target: '/', headers: [], body })
  const message = MANGLES[done]?.(carried(content), chance, { attempt: '', sent: carried(other) })
  return { done, content: message?.body ?? content }
}
