import { connect, type Socket } from 'node:net'
import { type Chance, chanceFrom } from '../torture/chance.ts'
import type { Written } from './ledger.ts'
import { MALFORMED } from './malformed.ts'
import { type Exchange, exchange, latin1, sendAndGo } from './sockets.ts'
import type { Victim } from './victim.ts'

/** What strangers do to a server by raw bytes, and what must be seen of it. Each returns what was done and every breach found. */
export type Siege = { readonly done: number; readonly breaches: readonly string[] }

/** Orders answered 201, and those on whose answer we gave up. */
export type Taken = { readonly taken: number; readonly unanswered: number }

const HOST = 'Host: localhost\r\n'
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'

/** Each request of the table, and whether it was answered as the table says. */
export const sendMalformed = async ({ port }: Victim): Promise<Siege> => {
  const breaches: string[] = []
  for (const { name, bytes, answers, closes } of MALFORMED) {
    const got = await exchange(port, bytes, closes ? { quietMs: CLOSES_WITHIN_MS } : {})
    const wrong = got.statuses.filter((status) => !answers.includes(status))
    const mute = answers.length > 0 && got.statuses.length === 0
    if (wrong.length > 0 || mute || (closes && !got.closed)) breaches.push(`${name}: ${shownExchange(got)}`)
  }
  return { done: MALFORMED.length, breaches }
}

/** What still comes of a body that was refused is thrown away for half a second first. */
const CLOSES_WITHIN_MS = 5_000

const shownExchange = ({ statuses, closed, tookMs }: Exchange): string =>
  `answered ${statuses.join(', ') || 'nothing'}, ${closed ? 'closed' : 'left open'} after ${Math.round(tookMs)} ms`

/** An order that the hub takes, as it goes over the wire. */
const orderText = ({ key, returnUrl }: Victim, reference: string): string => {
  const order = JSON.stringify({ reference, amount: 100, currency: 'EUR', description: 'x', returnUrl })
  return `POST /v1/payments HTTP/1.1\r\n${HOST}Authorization: Bearer ${key}\r\nIdempotency-Key: ${reference}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${order.length}\r\n\r\n${order}`
}

/** Whole requests to spoil: of every kind that is taken. */
const genuine = (hub: Victim, n: number): readonly string[] => [
  `GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  `GET /v1/payments?limit=5 HTTP/1.1\r\n${HOST}Authorization: Bearer ${hub.key}\r\nConnection: close\r\n\r\n`,
  orderText(hub, `SIEGE-${n}`),
  `POST /pay HTTP/1.1\r\n${HOST}${FORM}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n9\r\norder=abc\r\n0\r\n\r\n`,
]

/** A byte altered, left out, put in or doubled; a few times over. */
const spoilt = (chance: Chance, text: string): Uint8Array => {
  const bytes = [...latin1(text)]
  for (let turn = chance.between(1, 4); turn > 0; turn--) {
    const at = chance.between(0, bytes.length - 1)
    const byte = chance.pick(0, 10, 13, 32, 58, 255, chance.between(0, 255))
    const piece = chance.pick([byte], [byte], [], [byte, byte, byte], bytes.slice(at, at + chance.between(1, 40)))
    bytes.splice(at, chance.pick(0, 1, 1), ...piece)
  }
  return Uint8Array.from(bytes)
}

/** Real requests with bytes altered by chance. What is left waiting for more is given up on by us: the hub's patience is measured elsewhere. */
export const sendSpoilt = async (hub: Victim, count: number, seed: number): Promise<Siege & Taken> => {
  const chance = chanceFrom(seed)
  const breaches: string[] = []
  let [sent, taken, unanswered] = [0, 0, 0]
  const one = async (): Promise<void> => {
    const [first = '', ...others] = genuine(hub, ++sent)
    const text = chance.pick(first, ...others)
    const bytes = spoilt(chance, text)
    const got = await exchange(hub.port, bytes, { atMostMs: 1_000, quietMs: 20 })
    taken += got.statuses.filter((status) => status === 201).length
    if (text.startsWith('POST /v1/') && got.statuses.length === 0) unanswered++
    if (got.statuses.some((status) => status >= 500))
      breaches.push(
        `${shownExchange(got)}: printf %s ${Buffer.from(bytes).toString('base64')} | base64 -d | nc localhost ${hub.port}`,
      )
  }
  const lane = async (share: number): Promise<void> => {
    for (let turn = 0; turn < share; turn++) await one()
  }
  await Promise.all(Array.from({ length: LANES }, () => lane(Math.ceil(count / LANES))))
  return { done: count, breaches, taken, unanswered }
}
const LANES = 8

export type Patience = { readonly name: string; readonly withinMs: number; readonly closedAfterMs: number }

/** As `serve.ts` states them. */
const LIMITS = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 65_000, stillMs: 62_000 }

const SLOW = [
  { name: 'a connection that says nothing', bytes: '', withinMs: LIMITS.headersMs },
  { name: 'half a request line', bytes: 'GET /healthz HT', withinMs: LIMITS.headersMs },
  { name: 'HTTP/0.9', bytes: 'GET /healthz\r\n', withinMs: LIMITS.headersMs },
  {
    name: 'headers, one every half second',
    bytes: `GET /healthz HTTP/1.1\r\n${HOST}`,
    drip: { bytes: 'X: a\r\n', everyMs: 500 },
    withinMs: LIMITS.headersMs,
  },
  {
    name: 'a body, one byte every half second',
    bytes: `POST /pay HTTP/1.1\r\n${HOST}${FORM}Content-Length: 5000\r\n\r\n`,
    drip: { bytes: 'a', everyMs: 500 },
    withinMs: LIMITS.requestMs,
  },
  {
    name: 'a body shorter than announced',
    bytes: `POST /pay HTTP/1.1\r\n${HOST}${FORM}Content-Length: 200\r\n\r\norder=abc`,
    withinMs: LIMITS.requestMs,
  },
  {
    name: 'a body that was waited for and does not come',
    bytes: `POST /pay HTTP/1.1\r\n${HOST}${FORM}Expect: 100-continue\r\nContent-Length: 200\r\n\r\n`,
    withinMs: LIMITS.requestMs,
  },
] as const
/** What only the long form waits for. */
const SLOWER = [
  {
    name: 'a connection kept after its answer',
    bytes: `GET /healthz HTTP/1.1\r\n${HOST}\r\n`,
    withinMs: LIMITS.keepAliveMs,
    quietMs: 1_000_000,
  },
  {
    name: 'answers that nobody reads',
    bytes: `GET /v1/openapi.json HTTP/1.1\r\n${HOST}\r\n`.repeat(200),
    withinMs: LIMITS.stillMs,
    unread: true,
  },
] as const

/** Clients that are slow on purpose, all at once: each is let go within the hub's own limit. */
export const sendSlowly = async ({ port }: Victim, long: boolean, slackMs: number): Promise<readonly Patience[]> =>
  Promise.all(
    [...SLOW, ...(long ? SLOWER : [])].map(async ({ name, bytes, withinMs, ...options }) => {
      const got = await exchange(port, bytes, { ...options, atMostMs: withinMs + slackMs })
      return {
        name,
        withinMs,
        closedAfterMs: got.closed ? Math.min(got.tookMs, withinMs + slackMs) : Number.POSITIVE_INFINITY,
      }
    }),
  )

/** Connections with half a request each, all open at once; returns how long the hub took to be rid of the last one. */
export const crowd = async (
  { port }: Victim,
  count: number,
): Promise<{ readonly refused: number; readonly goneAfterMs: number }> => {
  const begun = performance.now()
  let refused = 0
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const socket: Socket = connect(port, '127.0.0.1', () => socket.write(`GET /healthz HTTP/1.1\r\n${HOST}X-Half:`))
      socket.on('error', () => {
        refused++
      })
      // What is not read is never seen to end.
      socket.resume()
      socket.once('close', () => resolve())
    })
  await Promise.all(Array.from({ length: count }, one))
  return { refused, goneAfterMs: performance.now() - begun }
}

/** Of an order that was cut short. */
const GONE = 'GONE-'

/** Clients that go away in the middle of a request, or before its answer. What is cut short would be taken if it were whole. */
export const leaveEarly = async (hub: Victim, count: number): Promise<Siege & Taken> => {
  const { port, key } = hub
  const got = await exchange(port, latin1(orderText(hub, 'WHOLE-1')))
  const breaches = got.statuses.join() === '201' ? [] : [`a whole order: ${shownExchange(got)}`]
  const asked = `GET /v1/payments?limit=100 HTTP/1.1\r\n${HOST}Authorization: Bearer ${key}\r\n\r\n`
  const chunks = `POST /pay HTTP/1.1\r\n${HOST}${FORM}Transfer-Encoding: chunked\r\n\r\n5\r\norder\r\n`
  for (let turn = 0; turn < count; turn += 3) {
    const order = orderText(hub, `${GONE}${turn}`)
    const half = order.slice(0, order.length - 1 - (turn % ORDER_END))
    await Promise.all([half, asked, chunks].map((text) => sendAndGo(port, text)))
  }
  return { done: count, breaches, taken: 1, unanswered: 0 }
}
/** Cut off at most: the body is longer. */
const ORDER_END = 100

/** What is stored that no whole order explains: at most those answered 201 are, and those whose answer was not waited for. */
export const strayIn = (written: readonly Written[], { taken, unanswered }: Taken): readonly string[] => {
  const orders = written.filter(({ table, op }) => table === 'payments.payment' && op === 'INSERT')
  const ids = orders.map(({ row }) => String(row.id))
  const stray = written.filter(({ table, row }) => {
    if (ALWAYS.includes(table)) return false
    if (table === 'payments.payment') return String(row.reference).startsWith(GONE)
    if (table === 'payments.fact') return !ids.includes(String(row.payment))
    return table !== 'platform.job' || !ids.some((id) => String(row.key).endsWith(`/${id}`))
  })
  return [
    ...stray.map(({ table, op, row }) => `${op} ${table} ${JSON.stringify(row).slice(0, 300)}`),
    ...(orders.length > taken + unanswered ? [`${orders.length} orders are stored, ${taken} were taken`] : []),
    ...(orders.length < taken ? [`${orders.length} orders are stored, though ${taken} were taken`] : []),
  ]
}
/** When a key was used is noted now and then; what was answered to it is kept. */
const ALWAYS = ['merchants.api_key', 'payments.idempotency', 'payments.number_block']
