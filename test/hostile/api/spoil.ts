import { gzipSync } from 'node:zlib'
import type { Chance } from '../../torture/chance.ts'
import type { ApiOperation } from './document.ts'
import { jsonText, raw, STRANGE_SEGMENTS, strangeText, strangeValue } from './strange.ts'

/** A request that the hub would take, about to be spoilt. */
export type Draft = {
  readonly segments: Map<string, string>
  query: readonly (readonly [name: string, value: string])[]
  headers: readonly (readonly [name: string, value: string])[]
  json: Readonly<Record<string, unknown>> | undefined
  /** Sent instead of the JSON. */
  bytes: Uint8Array | undefined
  caller: 'ours' | 'theirs' | 'nobody'
  /** Why it must not be taken, where no schema says so. */
  refused: string | undefined
  /** Whose the ids in the path are; undefined: nobody's. */
  owner: 'ours' | 'theirs' | undefined
  readonly foreign: Foreign
}

/** Another e-service's key and ids. */
export type Foreign = {
  readonly key: string
  /** A payment that was paid and goes back in part, and one that can still be paid. */
  readonly paid: string
  readonly open: string
  /** Of the paid one. */
  readonly refund: string
  readonly event: string
}

/** One way to spoil it; says what was done. */
export type Spoil = {
  readonly name: string
  readonly fits: (operation: ApiOperation) => boolean
  readonly change: (draft: Draft, chance: Chance, operation: ApiOperation) => string | undefined
}

const NOBODYS = 'nobody’s key'

const always = () => true
const hasBody = ({ requestBody }: ApiOperation) => requestBody !== undefined
const isPost = ({ method }: ApiOperation) => method === 'POST'
const hasPath = ({ path }: ApiOperation) => path.includes('{')
const hasQuery = ({ parameters }: ApiOperation) => parameters.some(({ in: place }) => place === 'query')

const withHeader = (draft: Draft, name: string, ...values: readonly string[]): void => {
  const others = draft.headers.filter(([known]) => known !== name)
  draft.headers = [...others, ...values.map((value) => [name, value] as const)]
}

const pickOf = <Value>(chance: Chance, values: readonly Value[]): Value | undefined =>
  values[chance.between(0, values.length - 1)]

const OPTIONAL = [
  'payee',
  'payer',
  'paymentReference',
  'language',
  'channel',
  'channels',
  'expiresAt',
  'attempts',
  'metadata',
]
const FIELDS = ['reference', 'amount', 'currency', 'description', 'returnUrl', ...OPTIONAL]
const REFUND_FIELDS = ['amount', 'attempt', 'reason']
const INNER: Readonly<Record<string, readonly string[]>> = {
  payer: ['name', 'email', 'personalCode', 'registrationNumber', 'iban', '__proto__'],
  metadata: ['', 'a', 'k'.repeat(40), 'k'.repeat(41), '😀'.repeat(40), '__proto__', 'constructor', '\u0000'],
  description: ['lv', 'en', 'LV', 'xx', '', '__proto__', 'lav'],
  channels: ['0'],
}

const fieldsOf = ({ operationId }: ApiOperation): readonly string[] =>
  operationId === 'createPayment' ? FIELDS : REFUND_FIELDS

const BODY: readonly Spoil[] = [
  {
    name: 'a field is strange',
    fits: hasBody,
    change: (draft, chance, operation) => {
      const field = pickOf(chance, fieldsOf(operation)) ?? ''
      draft.json = { ...draft.json, [field]: strangeValue(chance) }
      return field
    },
  },
  {
    name: 'a field within is strange',
    fits: ({ operationId }) => operationId === 'createPayment',
    change: (draft, chance) => {
      const field = pickOf(chance, Object.keys(INNER)) ?? ''
      const inner = pickOf(chance, INNER[field] ?? []) ?? ''
      const value = chance.happens(0.5) ? strangeText(chance) : strangeValue(chance)
      draft.json = { ...draft.json, [field]: raw(jsonText(field === 'channels' ? [value] : JSON.parse('{}'))) }
      const written = field === 'channels' ? jsonText([value]) : `{${JSON.stringify(inner)}:${jsonText(value)}}`
      draft.json = { ...draft.json, [field]: raw(written) }
      return `${field}.${inner}`
    },
  },
  {
    name: 'a field is missing',
    fits: hasBody,
    change: (draft, chance, operation) => {
      const field = pickOf(chance, fieldsOf(operation)) ?? ''
      draft.json = Object.fromEntries(Object.entries(draft.json ?? {}).filter(([name]) => name !== field))
      return field
    },
  },
  {
    name: 'a field that there is not',
    fits: hasBody,
    change: (draft, chance) => {
      const name = chance.pick('x', 'id', 'status', 'merchant', 'constructor', 'toString', 'Amount', 'amount ', '')
      draft.json = { ...draft.json, [name]: strangeValue(chance) }
      return name
    },
  },
  {
    name: 'bytes that are no JSON, or another one',
    fits: isPost,
    change: (draft, chance) => {
      const text = jsonText(draft.json ?? {})
      const at = chance.between(0, text.length - 1)
      draft.bytes = Buffer.from(
        chance.pick<string | Uint8Array>(
          text.slice(0, at),
          `${text.slice(0, at)}${String.fromCharCode(chance.between(0, 255))}${text.slice(at + 1)}`,
          `\ufeff${text}`,
          `${text}${text}`,
          `[${text}]`,
          text.replace('{', '{"__proto__":{"amount":1},'),
          text.replace('{', '{"amount":1,'),
          text.replace(/}$/, ',"amount":1}'),
          text.replaceAll('"', "'"),
          `${text}\0`,
          'null',
          '"text"',
          '7',
          '[]',
          '{}',
          '{',
          '[[[['.repeat(5_000),
          Buffer.from(text, 'utf16le'),
          Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(text.slice(at))]),
          `{"description":"${'x'.repeat(chance.pick(65_000, 66_000, 200_000))}"}`,
          ' '.repeat(60_000) + text,
        ),
      )
      return undefined
    },
  },
  {
    name: 'the body’s type or packing',
    fits: hasBody,
    change: (draft, chance) => {
      if (draft.refused !== undefined) return undefined
      const type = chance.pick(
        'text/plain',
        '',
        'application/jsonx',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'application/json; charset=utf-16',
        'APPLICATION/JSON',
        'application/json;',
        'application/problem+json',
      )
      withHeader(draft, 'content-type', ...(type === '' ? [] : [type]))
      if (chance.happens(0.3)) {
        draft.bytes = gzipSync(jsonText(draft.json ?? {}))
        withHeader(draft, 'content-encoding', 'gzip')
      }
      if (!/^application\/json\s*(;|$)/i.test(type)) draft.refused = 'the body is of another type'
      return type
    },
  },
]

const HEADERS: readonly Spoil[] = [
  {
    name: 'Idempotency-Key',
    fits: isPost,
    change: (draft, chance) => {
      const values = chance.pick<readonly string[]>(
        [],
        [''],
        ['a b'],
        ['k'.repeat(256)],
        ['\xe9\xff'],
        ['a', 'b'],
        ['\t'],
      )
      withHeader(draft, 'idempotency-key', ...values)
      draft.refused = 'no such Idempotency-Key'
      return values.join('|').slice(0, 20)
    },
  },
  {
    name: 'an Idempotency-Key at its limit',
    fits: isPost,
    change: (draft, chance) => {
      if (draft.refused !== undefined) return undefined
      withHeader(
        draft,
        'idempotency-key',
        `${chance.between(0, 1e9)}`.padEnd(255, chance.pick('!', '~', "'", '%', '"')),
      )
      return undefined
    },
  },
  {
    name: 'Authorization',
    fits: always,
    change: (draft, chance) => {
      if (draft.caller !== 'ours') return undefined
      const own = draft.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
      const values = chance.pick<readonly string[]>(
        [],
        [''],
        ['Basic c2tfdGVzdDo='],
        ['Bearer '],
        [`${own}x`],
        [own.slice(0, -1)],
        [own.toUpperCase()],
        [`${own} `.repeat(2)],
        ['Bearer sk_live_00000000000000000000'],
        [`Bearer ${'a'.repeat(8_000)}`],
        ["Bearer ' or 1=1 --"],
        ['Bearer \xff\xfe'],
        [own.replace('Bearer', 'Digest')],
      )
      withHeader(draft, 'authorization', ...values)
      draft.caller = 'nobody'
      draft.refused = NOBODYS
      return values[0]?.slice(0, 12)
    },
  },
  {
    name: 'another e-service’s key',
    // An order that they make is theirs, whatever stands in it.
    fits: ({ operationId }) => operationId !== 'createPayment',
    change: (draft) => {
      withHeader(draft, 'authorization', `Bearer ${draft.foreign.key}`)
      draft.caller = 'theirs'
      if (draft.refused === NOBODYS) draft.refused = undefined
      return undefined
    },
  },
  {
    name: 'a header that changes nothing, or so it should be',
    fits: always,
    change: (draft, chance) => {
      const [name, value] = chance.pick(
        ['traceparent', '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
        ['traceparent', 'x'.repeat(3_000)],
        ['x-forwarded-for', '\xff, ,,, 1.2.3.4.5, ::::'],
        ['x-http-method-override', 'DELETE'],
        ['accept', 'application/xml;q=\xff, */*;q=abc'],
        ['accept', 'application/pdf;q=1e309'],
        ['accept-language', `${'xx,'.repeat(1_000)}*`],
        ['accept-encoding', 'gzip;q=1e400, zstd, \xff'],
        ['cookie', `${'a=b; '.repeat(800)}__proto__=x`],
        ['origin', 'null'],
        ['range', 'bytes=0-1,-1,99999999999999-'],
        ['if-none-match', '*'],
        ['content-language', 'lv\xff'],
      )
      withHeader(draft, name ?? '', value ?? '')
      return name
    },
  },
]

const ADDRESSES: readonly Spoil[] = [
  {
    name: 'an id is strange',
    fits: hasPath,
    change: (draft, chance, { path }) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const name = pickOf(chance, names) ?? ''
      const value = chance.pick('x', ...STRANGE_SEGMENTS)
      draft.segments.set(name, value)
      draft.owner = undefined
      return `${name} ${value.slice(0, 30)}`
    },
  },
  {
    name: 'another e-service’s id',
    fits: hasPath,
    change: (draft, chance, { path }) => {
      const { paid, open, refund, event } = draft.foreign
      const payment = path.includes('{refund}') ? paid : chance.pick(paid, open)
      draft.segments.set('id', path.startsWith('/v1/events') ? event : payment)
      draft.segments.set('refund', refund)
      draft.owner = 'theirs'
      return undefined
    },
  },
  {
    name: 'a parameter is strange',
    fits: hasQuery,
    change: (draft, chance, { parameters }) => {
      const { name } = pickOf(
        chance,
        parameters.filter(({ in: place }) => place === 'query'),
      ) ?? { name: '' }
      const value = chance.happens(0.5)
        ? chance.pick('', ...STRANGE_SEGMENTS)
        : encodeURIComponent(strangeText(chance).replaceAll(/[\ud800-\udfff]/g, '')).slice(0, 6_000)
      const others = draft.query.filter(([known]) => known !== name)
      draft.query = chance.pick<Draft['query']>(
        [...others, [name, value]],
        [...others, [name, value], [name, '1']],
        [...others, [name, '1'], [name, value]],
        [...others, [`${name}[]`, value]],
        [...others, [name.toUpperCase(), value]],
      )
      return `${name} ${value.slice(0, 30)}`
    },
  },
  {
    name: 'a parameter that there is not',
    fits: always,
    change: (draft, chance) => {
      draft.query = [
        ...draft.query,
        [chance.pick('__proto__', 'x', '%00', '%ff', 'constructor[prototype][x]', ''), '1'],
      ]
      return undefined
    },
  },
]

export const SPOIL: readonly Spoil[] = [...BODY, ...BODY, ...HEADERS, ...ADDRESSES]
