import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventPage, NewPayment, Offer, Payment, PaymentPage, PaymentStatus, WholePayment } from './types.ts'
import type { PublicJwk } from './verify-return.ts'

export type HubOptions = {
  /** The hub's public address, e.g. `https://pay.example`. */
  readonly url: string
  readonly apiKey: string
  /** Another way out, e.g. through a proxy. */
  readonly fetch?: typeof fetch
  /** How long is waited between tries; a test gives its own. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** Why a call did not succeed. `code` is stable and for programs, `detail` tells a person what to do. */
export type HubProblem = {
  /** Of the hub, or `unreachable` (nobody answered, in time) or `not_the_hub` (the answer is not one of a hub's). */
  readonly code: string
  /** 0 when there was no answer. */
  readonly status: number
  readonly detail: string
  /** The first field at fault, e.g. `payer.email`. */
  readonly path?: string
  /** The other payment, with `reference_in_use`. */
  readonly payment?: string
}
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: HubProblem }

/** Asked again with the same key, an order is the same order: keep it where the order is kept. Made anew when absent. */
export type Repeatable = { readonly idempotencyKey?: string }
export type PaymentFilter = {
  readonly reference?: string
  readonly status?: PaymentStatus
  readonly from?: string
  readonly to?: string
  readonly after?: string
  readonly limit?: number
}

/** The hub's answer is awaited so long; it answers in milliseconds. */
const TIMEOUT_MS = 10_000
/** Waits before the second, third and fourth try, unless Retry-After says otherwise. */
const PAUSES_MS = [250, 1_000, 4_000]
const MAX_PAUSE_MS = 10_000
/** As long as the hub lets its key set be kept, and how often an unknown key may have it fetched anew. */
const KEYS_KEPT_MS = 300_000
const KEYS_AGAIN_MS = 10_000

/** One e-service's way to its hub. No call throws; each may be repeated by itself, since its key makes it the same call. */
export const openHub = (options: HubOptions) => {
  const root = options.url.replace(/\/+$/, '')
  const call = <Value>(method: 'GET' | 'POST', path: string, body?: unknown, key?: string) =>
    repeated<Value>(options, `${root}${path}`, requestOf(options.apiKey, method, body, key ?? randomUUID()))
  const get = <Value>(path: string, query: Readonly<Record<string, unknown>> = {}) =>
    call<Value>('GET', path + queryOf(query))
  let known: { readonly at: number; readonly keys: readonly PublicJwk[] } | undefined

  return {
    /** Orders a payment; send the payer to its `payUrl`. */
    createPayment: (order: NewPayment, { idempotencyKey }: Repeatable = {}) =>
      call<WholePayment>('POST', '/v1/payments', order, idempotencyKey),
    /** The truth about a payment at any time. */
    getPayment: (id: string) => get<WholePayment>(`/v1/payments/${encodeURIComponent(id)}`),
    /** The newest first; give `next` as `after` for the next page. */
    listPayments: (filter: PaymentFilter = {}) => get<PaymentPage>('/v1/payments', filter),
    /** Cancelled, or with `closing` while somebody may still be paying. */
    cancelPayment: (id: string, { idempotencyKey }: Repeatable = {}) =>
      call<Payment>('POST', `/v1/payments/${encodeURIComponent(id)}/cancel`, {}, idempotencyKey),
    /** What the e-service may offer on its own page. */
    listChannels: (query: { readonly amount?: number; readonly currency?: string; readonly language?: string } = {}) =>
      get<{ readonly offers: readonly Offer[] }>('/v1/channels', query),
    /** Every event once, from a cursor on; keep the `cursor` of the answer. */
    events: (after?: string, limit?: number) => get<EventPage>('/v1/events', { after, limit }),
    /** The keys of return tokens, kept for five minutes; for `verifyReturn`. Those known last when the hub cannot be asked. */
    returnKeys: async (kid: string, now: number): Promise<readonly PublicJwk[]> => {
      const age = known ? now - known.at : Number.POSITIVE_INFINITY
      const holds = known?.keys.some((key) => key.kid === kid) === true
      if (known && age < (holds ? KEYS_KEPT_MS : KEYS_AGAIN_MS)) return known.keys
      const found = await get<{ readonly keys?: readonly PublicJwk[] }>('/.well-known/jwks.json')
      if (found.ok && Array.isArray(found.value.keys)) known = { at: now, keys: found.value.keys }
      return known?.keys ?? []
    },
  }
}
export type HubClient = ReturnType<typeof openHub>

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
    const text = await response.text()
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

const NOT_THE_HUB = 'The answer is not one of a hub. Check the address, and what stands between.'

const readValue = <Value>(status: number, text: string): Answer<Value> => {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, problem: { code: 'not_the_hub', status, detail: NOT_THE_HUB } }
  }
}

type ProblemBody = Partial<Omit<HubProblem, 'path'>> & { readonly errors?: readonly { readonly path?: string }[] }

const readProblem = (status: number, text: string): HubProblem => {
  const read = readValue<ProblemBody | null>(status, text)
  if (!read.ok) return read.problem
  const { code = 'not_the_hub', detail = NOT_THE_HUB, payment, errors } = read.value ?? {}
  const path = Array.isArray(errors) ? errors[0]?.path : undefined
  return {
    code,
    status,
    detail,
    ...(path === undefined ? {} : { path }),
    ...(payment === undefined ? {} : { payment }),
  }
}
