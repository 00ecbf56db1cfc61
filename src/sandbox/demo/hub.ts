import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { fail, ok, type Result } from '../../kernel/result.ts'
import type { Told } from './bills.ts'

/** The e-service's side of the hub's API: three calls are all it needs. */

export type SendCall = (request: {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
  readonly maxBytes: number
}) => Promise<
  | { readonly kind: 'answered'; readonly reply: { readonly status: number; readonly body: Uint8Array } }
  | { readonly kind: 'not_sent' | 'unknown'; readonly why: string }
>

export type HubAccess = { readonly hubRoot: string; readonly apiKey: string }

export const ToldPayment = z.object({
  id: z.string(),
  reference: z.string(),
  status: z.string(),
  final: z.boolean(),
  attention: z.array(z.string()),
  refundedAmount: z.int(),
})
const Ordered = ToldPayment.extend({ payUrl: z.url({ protocol: /^https?$/ }) })
const Offers = z.object({
  offers: z.array(z.object({ id: z.string(), name: z.string(), logo: z.string(), health: z.string() })),
})
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const Refused = z.object({ code: z.string(), detail: z.string(), payment: z.string().optional() })

export type OrderedPayment = { readonly told: Told; readonly payUrl: string }
export type ShopOffer = z.infer<typeof Offers>['offers'][number]
export type HubFault = { readonly code: string; readonly detail: string; readonly payment?: string }

export type NewOrder = {
  readonly reference: string
  readonly amount: number
  readonly currency: 'EUR'
  readonly description: Readonly<Record<string, string>>
  readonly returnUrl: string
  readonly language: string
  readonly attempts: 'many'
  readonly channel?: string
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1_048_576

export const hubCalls = (send: SendCall) => {
  const call = async <Value>(
    request: { readonly method: 'GET' | 'POST'; readonly url: string; readonly body?: unknown },
    headers: Readonly<Record<string, string>>,
    shape: z.ZodType<Value>,
  ): Promise<Result<Value, HubFault>> => {
    const { method, url, body } = request
    const outcome = await send({
      method,
      url,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    })
    if (outcome.kind !== 'answered') return fail({ code: outcome.kind, detail: outcome.why })
    const answer = jsonOf(outcome.reply.body)
    const good = outcome.reply.status < 300 ? shape.safeParse(answer).data : undefined
    if (good !== undefined) return ok(good)
    const refused = Refused.safeParse(answer).data ?? {
      code: `http_${outcome.reply.status}`,
      detail: 'an unexpected answer',
    }
    const { code, detail, payment } = refused
    return fail({ code, detail, ...(payment === undefined ? {} : { payment }) })
  }
  const bearer = ({ apiKey }: HubAccess) => ({ authorization: `Bearer ${apiKey}` })
  const orderedOf = (result: Result<z.infer<typeof Ordered>, HubFault>): Result<OrderedPayment, HubFault> => {
    if (!result.ok) return result
    const { payUrl, ...told } = result.value
    return ok({ told, payUrl })
  }

  return {
    /** Orders a payment; the same key again orders nothing more. */
    order: async (access: HubAccess, order: NewOrder, idempotencyKey: string) => {
      const url = `${access.hubRoot}/v1/payments`
      const headers = { ...bearer(access), 'idempotency-key': idempotencyKey }
      return orderedOf(await call({ method: 'POST', url, body: order }, headers, Ordered))
    },
    /** The truth about a payment. */
    payment: async (access: HubAccess, id: string) => {
      const url = `${access.hubRoot}/v1/payments/${encodeURIComponent(id)}`
      return orderedOf(await call({ method: 'GET', url }, bearer(access), Ordered))
    },
    /** The banks that this e-service may offer on its own page. */
    offers: async (access: HubAccess, amount: number, language: string): Promise<readonly ShopOffer[]> => {
      const query = new URLSearchParams({ amount: String(amount), currency: 'EUR', language })
      const found = await call({ method: 'GET', url: `${access.hubRoot}/v1/channels?${query}` }, bearer(access), Offers)
      return found.ok ? found.value.offers : []
    },
    /** The hub's public keys for return tokens. */
    keys: async ({ hubRoot }: HubAccess): Promise<JSONWebKeySet> => {
      const found = await call({ method: 'GET', url: `${hubRoot}/.well-known/jwks.json` }, {}, KeySet)
      return found.ok ? found.value : { keys: [] }
    },
  }
}
export type HubCalls = ReturnType<typeof hubCalls>

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
