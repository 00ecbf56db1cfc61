import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, HubProblem } from './answer.ts'
import type { PublicJwk } from './jws.ts'
import { keepReturnKeys } from './return-keys.ts'
import type {
  EventPage,
  NewPayment,
  NewRefund,
  OfferList,
  OfferQuery,
  Payment,
  PaymentFilter,
  PaymentPage,
  Queued,
  Refund,
  SignedReceipt,
  WholePayment,
} from './types.ts'

export type HubOptions = {
  /** The hub's public address, e.g. `https://pay.example`. */
  readonly url: string
  readonly apiKey: string
  /** Another way out, e.g. through a proxy. */
  readonly fetch?: typeof fetch
  /** How long is waited between tries; a test gives its own. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** Asked again with the same key, an order is the same order: keep it where the order is kept. Made anew when absent. */
export type Repeatable = { readonly idempotencyKey?: string }

/** The hub's answer is awaited so long; it answers in milliseconds. */
const TIMEOUT_MS = 10_000
/** Waits before the second, third and fourth try, unless Retry-After says otherwise. */
const PAUSES_MS = [250, 1_000, 4_000]
const MAX_PAUSE_MS = 10_000
/** The largest page of events, 200 of less than 20 kB, fits twice. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/**
 * One e-service's way to its hub. No call throws; each may be repeated by itself, since its key makes it the same call.
 * Throws a TypeError when address or key cannot be ones.
 */
export const openHub = (options: HubOptions) => {
  const root = rootOf(options)
  const call = <Value>(method: 'GET' | 'POST', path: string, body?: unknown, key = '') =>
    repeated<Value>(options, `${root}${path}`, requestOf(options.apiKey, method, body, key))
  const get = <Value>(path: string, query: Readonly<Record<string, unknown>> = {}) =>
    call<Value>('GET', path + queryOf(query))
  const post = <Value>(
    path: string,
    body: unknown,
    { idempotencyKey = randomUUID() }: Repeatable,
  ): Promise<Answer<Value>> =>
    KEY.test(idempotencyKey)
      ? call<Value>('POST', path, body, idempotencyKey)
      : Promise.resolve({ ok: false, problem: BAD_KEY })
  const paymentPath = (id: string): string => `/v1/payments/${encodeURIComponent(id)}`

  return {
    /** Orders a payment; send the payer to its `payUrl`. */
    createPayment: (order: NewPayment, repeatable: Repeatable = {}) =>
      post<WholePayment>('/v1/payments', order, repeatable),
    /** The truth about a payment at any time. */
    getPayment: (id: string) => get<WholePayment>(paymentPath(id)),
    /** The newest first; give `next` as `after` for the next page. */
    listPayments: (filter: PaymentFilter = {}) => get<PaymentPage>('/v1/payments', filter),
    /** Cancelled, or with `closing` while somebody may still be paying. */
    cancelPayment: (id: string, repeatable: Repeatable = {}) =>
      post<Payment>(`${paymentPath(id)}/cancel`, {}, repeatable),
    /** Pays back all that is left, or an amount; `refund.*` notices tell what becomes of it. */
    refundPayment: (id: string, refund: NewRefund = {}, repeatable: Repeatable = {}) =>
      post<Refund>(`${paymentPath(id)}/refunds`, refund, repeatable),
    /** What became of a refund. */
    getRefund: (id: string, refund: string) => get<Refund>(`${paymentPath(id)}/refunds/${encodeURIComponent(refund)}`),
    /** The signed receipt of what was paid, to be handed on; `verifyReceipt` checks one. */
    getReceipt: (id: string) => get<SignedReceipt>(`${paymentPath(id)}/receipt`),
    /** What the e-service may offer on its own page. */
    listChannels: (query: OfferQuery = {}) => get<OfferList>('/v1/channels', query),
    /** Every event once, from a cursor on; keep the `cursor` of the answer. */
    events: (after?: string, limit?: number) => get<EventPage>('/v1/events', { after, limit }),
    /** Sends the notice of an event again, to whoever missed it. */
    redeliver: (event: string, repeatable: Repeatable = {}) =>
      post<Queued>(`/v1/events/${encodeURIComponent(event)}/redeliver`, {}, repeatable),
    /** The keys of return tokens, kept for five minutes; for `verifyReturn`. Those known last when the hub cannot be asked. */
    returnKeys: keepReturnKeys(async () => {
      const found = await get<{ readonly keys?: readonly PublicJwk[] }>('/.well-known/jwks.json')
      return found.ok && Array.isArray(found.value.keys) ? found.value.keys : undefined
    }),
  }
}
export type HubClient = ReturnType<typeof openHub>

const rootOf = ({ url, apiKey }: HubOptions): string => {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new TypeError('url: give the address of the hub, e.g. https://pay.example')
  }
  if (typeof apiKey !== 'string' || !/^[\w-]+$/.test(apiKey))
    throw new TypeError('apiKey: give the key alone, without blanks or a line end')
  return url.replace(/\/+$/, '')
}

/** As the hub takes it: visible characters, which a header can carry. */
const KEY = /^[\x21-\x7e]{1,255}$/
const BAD_KEY: HubProblem = {
  code: 'bad_idempotency_key',
  status: 0,
  detail: 'Nothing was sent: an idempotency key has 1 to 255 visible ASCII characters and no blanks.',
}

const queryOf = (query: Readonly<Record<string, unknown>>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
}

const requestOf = (apiKey: string, method: 'GET' | 'POST', body: unknown, key: string): RequestInit => ({
  method,
  redirect: 'error',
  headers: {
    accept: 'application/json',
    authorization: `Bearer ${apiKey}`,
    ...(method === 'POST' ? { 'content-type': 'application/json', 'idempotency-key': key } : {}),
  },
  ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
})

const repeated = async <Value>(options: HubOptions, url: string, request: RequestInit): Promise<Answer<Value>> => {
  for (let tries = 0; ; tries++) {
    const { answer, again, afterMs } = await once<Value>(options.fetch ?? fetch, url, request)
    const waitMs = afterMs ?? PAUSES_MS[tries]
    if (!again || waitMs === undefined || tries >= PAUSES_MS.length || waitMs > MAX_PAUSE_MS) return answer
    await (options.wait ?? pause)(waitMs)
  }
}

type Try<Value> = { readonly answer: Answer<Value>; readonly again: boolean; readonly afterMs?: number }

const once = async <Value>(send: typeof fetch, url: string, request: RequestInit): Promise<Try<Value>> => {
  try {
    const response = await send(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await textOf(response)
    if (text === undefined) return { answer: { ok: false, problem: notTheHub(response.status) }, again: false }
    if (response.ok) return { answer: readValue<Value>(response.status, text), again: false }
    const problem = readProblem(response.status, text)
    const again = response.status === 429 || response.status === 503 || problem.code === 'request_in_progress'
    const seconds = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0]
    return { answer: { ok: false, problem }, again, ...(seconds ? { afterMs: Number(seconds) * 1_000 } : {}) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'no answer'
    const detail = `The hub did not answer (${why}). Ask again with the same idempotency key.`
    return { answer: { ok: false, problem: { code: 'unreachable', status: 0, detail } }, again: true }
  }
}

/** The answer, unless it is longer than a hub's can be. */
const textOf = async (response: Response): Promise<string | undefined> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_ANSWER_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const NOT_THE_HUB = 'The answer is not one of a hub. Check the address, and what stands between.'
const notTheHub = (status: number): HubProblem => ({ code: 'not_the_hub', status, detail: NOT_THE_HUB })

const readValue = <Value>(status: number, text: string): Answer<Value> => {
  try {
    const value = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ok: true, value }
  } catch {
    // Falls through: whoever answers so is no hub.
  }
  return { ok: false, problem: notTheHub(status) }
}

type ProblemBody = Partial<Omit<HubProblem, 'path'>>

const readProblem = (status: number, text: string): HubProblem => {
  const read = readValue<ProblemBody>(status, text)
  if (!read.ok) return read.problem
  const { code = 'not_the_hub', detail = NOT_THE_HUB, payment, errors } = read.value
  const fields = Array.isArray(errors) ? errors : undefined
  const path = fields?.[0]?.path
  return {
    code,
    status,
    detail,
    ...(path === undefined ? {} : { path }),
    ...(fields === undefined ? {} : { errors: fields }),
    ...(payment === undefined ? {} : { payment }),
  }
}
