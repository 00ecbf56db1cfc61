import type { Chance } from '../../torture/chance.ts'
import { mangledContent } from '../messages/mangle.ts'
import type { Answer, Asked, Bent } from './line.ts'

/** An answer on its way, and real ones of the same kind of call, to take from. */
export type OnTheWay = {
  readonly asked: Asked
  readonly answer: Answer
  /** Of another order, or another refund. */
  readonly other: Answer
  /** To the same question, before. */
  readonly older: Answer
  readonly chance: Chance
}

type Bend = (way: OnTheWay) => Bent

const saying = (answer: Answer, body: Uint8Array | string): Bent => ({
  kind: 'answer',
  ...answer,
  body: typeof body === 'string' ? Buffer.from(body) : body,
})

const textOf = ({ body }: Answer): string => Buffer.from(body).toString('utf8')
/** Members as they are written, so that numbers need not be numbers of JavaScript. */
const member = (answer: Answer, name: RegExp, value: string): Bent =>
  saying(
    answer,
    textOf(answer).replace(name, (_, before: string) => before + value),
  )

const AMOUNT = /("amount":)\d+/
const AMOUNTS = ['0', '1', '-1', '12344', '1e21', '1e400', '0.1', '123.45', '9007199254740993', 'null', 'true', '""']

const head = (status: number, headers: Readonly<Record<string, string | number>>): string =>
  `HTTP/1.1 ${status} X\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

const bytes = (...parts: readonly (string | Uint8Array)[]): Bent => ({
  kind: 'bytes',
  bytes: Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
})

const JSON_TYPE = { 'Content-Type': 'application/json' }
/** More than the hub reads of an answer (`calls.ts`). */
const TOO_LONG = 600_000

/** The line of the status, the headers, and where the answer ends. */
const HTTP: Readonly<Record<string, Bend>> = {
  'another status': ({ answer, chance }) => ({
    kind: 'answer',
    ...answer,
    status: chance.pick(
      202,
      203,
      206,
      300,
      301,
      302,
      307,
      308,
      400,
      401,
      403,
      404,
      408,
      409,
      410,
      418,
      425,
      429,
      500,
      502,
      503,
      504,
      599,
    ),
  }),
  'a page of a proxy': ({ chance }) => ({
    kind: 'answer',
    status: chance.pick(200, 200, 201, 403, 404, 429, 502, 503, 504),
    headers: { 'content-type': 'text/html', 'retry-after': '3600' },
    body: Buffer.from('<!DOCTYPE html><h1>Sign in to the network</h1>'),
  }),
  'leads elsewhere': ({ answer, asked, chance }) => ({
    kind: 'answer',
    ...answer,
    status: chance.pick(301, 302, 303, 307, 308),
    headers: { location: chance.pick('http://169.254.169.254/', asked.path, 'file:///etc/passwd', '//x') },
  }),
  'another type of content': ({ answer, chance }) => ({
    kind: 'answer',
    ...answer,
    headers: { 'content-type': chance.pick('', 'text/html', 'application/json; charset=utf-16', 'x'.repeat(3_000)) },
  }),
  'says that it is compressed': ({ answer, chance }) => ({
    kind: 'answer',
    ...answer,
    headers: { ...answer.headers, 'content-encoding': chance.pick('gzip', 'br', 'zstd', 'x') },
  }),
  empty: ({ answer, chance }) => ({ kind: 'answer', ...answer, status: chance.pick(200, 201, 204), body: Buffer.of() }),
  'cut short': ({ answer, chance }) =>
    bytes(
      head(answer.status, { ...JSON_TYPE, 'Content-Length': answer.body.length }),
      answer.body.subarray(0, chance.between(0, answer.body.length - 1)),
    ),
  'shorter by its own word': ({ answer, chance }) =>
    bytes(
      head(answer.status, {
        ...JSON_TYPE,
        'Content-Length': chance.between(0, answer.body.length - 1),
        Connection: 'close',
      }),
      answer.body,
    ),
  'does not say where it ends': ({ answer }) => bytes(head(answer.status, JSON_TYPE), answer.body),
  'ends in the middle of a chunk': ({ answer }) =>
    bytes(
      head(answer.status, { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }),
      `${answer.body.length.toString(16)}\r\n`,
      answer.body,
    ),
  'says twice how long it is': ({ answer }) =>
    bytes(head(answer.status, { 'Content-Length': answer.body.length, 'content-length': 2 }), answer.body),
  'has another answer behind it': ({ answer, other }) =>
    bytes(
      head(answer.status, { ...JSON_TYPE, 'Content-Length': answer.body.length }),
      answer.body,
      head(200, { ...JSON_TYPE, 'Content-Length': other.body.length }),
      other.body,
    ),
  'comes after another answer': ({ answer, other }) =>
    bytes(
      head(200, { ...JSON_TYPE, 'Content-Length': other.body.length }),
      other.body,
      head(answer.status, { ...JSON_TYPE, 'Content-Length': answer.body.length }),
      answer.body,
    ),
  'announced by 100 and 103': ({ answer }) =>
    bytes(
      head(100, {}),
      head(103, {}),
      head(answer.status, { ...JSON_TYPE, 'Content-Length': answer.body.length }),
      answer.body,
    ),
  'is no HTTP': ({ chance }) =>
    bytes(chance.pick('SSH-2.0-OpenSSH\r\n', '\0\0\0', 'HTTP/9.9 abc\r\n\r\n', '{"status":"paid"}')),
  'has endless headers': ({ answer }) =>
    bytes(`HTTP/1.1 ${answer.status} X\r\n`, 'X-A: aaaaaaaaaaaaaaaaaaaa\r\n'.repeat(20_000)),
  'has no end of blanks': ({ answer }) => saying(answer, Buffer.concat([answer.body, Buffer.alloc(TOO_LONG, ' ')])),
}

/** What is written. */
const CONTENT: Readonly<Record<string, Bend>> = {
  'another amount': ({ answer, chance }) => member(answer, AMOUNT, chance.pick('1', ...AMOUNTS)),
  'an amount as text': ({ answer }) =>
    saying(
      answer,
      textOf(answer).replace(AMOUNT, (found) => found.replace(/\d+/, '"$&"')),
    ),
  'another currency': ({ answer, chance }) =>
    member(answer, /("currency":)"\w+"/, chance.pick('"USD"', '"eur"', '"EURO"', '""', 'null', '978')),
  'another number': ({ answer, chance }) =>
    member(answer, /("number":)"[^"]*"/, chance.pick('"1"', '"0"', '""', '"9999999999"', 'null', '"*"')),
  'another id': ({ answer, chance }) =>
    member(answer, /("id":)"[^"]*"/, chance.pick('"sbx_1_0000000000000000"', '""', 'null', '"../x"')),
  'another merchant': ({ answer, chance }) =>
    member(answer, /("merchant":)"[^"]*"/, chance.pick('"EGLUPE"', '"liepkalni"', '""', 'null')),
  'another account': ({ answer, chance }) =>
    member(answer, /("account":)"[^"]*"/, chance.pick('"LV23HABA0000000000101"', '""', 'null')),
  'another reference': ({ answer, chance }) =>
    member(answer, /("reference":)"[^"]*"/, chance.pick('"NIN-0"', '""', 'null', '"__proto__"')),
  'a word that nobody knows': ({ answer, chance }) =>
    member(
      answer,
      /("status":)"[^"]*"/,
      chance.pick(
        '"PAID"',
        '"paid "',
        '"constructor"',
        '"\\u0000"',
        '"оплачено"',
        'null',
        '["paid"]',
        '{"paid":true}',
        `"${'a'.repeat(5_000)}"`,
      ),
    ),
  'another order’s real answer': ({ answer, other }) => ({ kind: 'answer', ...answer, body: other.body }),
  'an older answer': ({ answer, older }) => ({ kind: 'answer', ...answer, body: older.body }),
  'says it twice': ({ answer, chance }) => {
    const twice = chance.pick(
      '"status":"paid"',
      '"amount":1',
      '"number":"1"',
      '"currency":"USD"',
      '"__proto__":{"status":"paid"}',
    )
    const text = textOf(answer)
    return saying(answer, chance.happens(0.5) ? text.replace('{', `{${twice},`) : text.replace(/\}$/, `,${twice}}`))
  },
  'nested without end': ({ answer, chance }) => {
    const depth = chance.pick(100, 10_000, 100_000)
    const nest = `${'['.repeat(depth)}${']'.repeat(depth)}`
    return saying(answer, chance.happens(0.5) ? nest : textOf(answer).replace('{', `{"x":${nest},`))
  },
  'within something': ({ answer, chance }) => {
    const text = textOf(answer)
    return saying(
      answer,
      chance.pick(`[${text}]`, `{"payment":${text}}`, `${text}${text}`, `callback(${text})`, JSON.stringify(text)),
    )
  },
  'no object': ({ answer, chance }) =>
    saying(answer, chance.pick('null', '[]', '""', '"paid"', 'true', '0', 'NaN', '{}', '{"error":{}}')),
  'another charset': ({ answer, chance }) =>
    saying(
      answer,
      chance.pick(
        Buffer.from(textOf(answer), 'utf16le'),
        Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), answer.body]),
        Buffer.from(textOf(answer).replace('"status"', '"note":"\xff","status"'), 'latin1'),
        Buffer.concat([answer.body, Buffer.of(0)]),
      ),
    ),
}

const FIRST: readonly [string, Bend] = ['nothing', () => bytes('')]
const OTHERS = [...Object.entries(HTTP), ...Object.entries(CONTENT)]

/** One thing done to an answer, by chance; a third of them as messages are mangled. */
export const bentByChance = (way: OnTheWay): { readonly done: string; readonly bent: Bent } => {
  const { chance, answer, other } = way
  if (chance.happens(0.3)) {
    const { done, content } = mangledContent(answer.body, other.body, chance)
    return { done, bent: saying(answer, content) }
  }
  const [done, bend] = chance.pick(FIRST, ...OTHERS)
  return { done, bent: bend(way) }
}
