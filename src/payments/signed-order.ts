import { createPublicKey } from 'node:crypto'
import { compactVerify, decodeProtectedHeader, errors } from 'jose'
import { z } from 'zod'
import { fail, ok, type Result } from '../kernel/result.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { type Directory, type EService, orderAlgorithm } from '../merchants/index.ts'
import type { Hub } from './hub.ts'
import { readJson, utf8Of } from './requests.ts'
import { NewPayment } from './schemas.ts'

/** Longest token: an order of a few kB in base64url; it must also fit a form within the body's limit. */
const MAX_TOKEN_LENGTH = 48 * 1024
/** Longest life of an order: the payer's browser carries it at once. */
const MAX_LIFE_MS = 15 * MINUTE_MS
/** How far the e-service's clock may be from ours. */
const LEEWAY_MS = MINUTE_MS

export type SignedOrder = {
  readonly eService: EService
  readonly jti: string
  readonly order: NewPayment
  /** A sentence where it came too early or too late; one that was taken in time still leads to its payment. */
  readonly untimely?: string
}

const Issuer = z.object({ iss: z.string().max(63) })
const Claims = z.object({
  aud: z.union([z.string(), z.tuple([z.string()])]),
  iat: z.int().min(0),
  exp: z.int().min(0),
  jti: z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible characters'),
})

/**
 * Reads a compact JWS. Before its signature is known to be good only the algorithm and `iss` are looked at, to find the key. Errors:
 * one sentence for the e-service's developer.
 */
export const readSignedOrder = async (
  hub: Pick<Hub, 'publicUrl' | 'mode'>,
  directory: Directory,
  token: string,
  now: Instant,
): Promise<Result<SignedOrder, string>> => {
  if (token.length > MAX_TOKEN_LENGTH) return fail(`The order is longer than ${MAX_TOKEN_LENGTH} characters.`)
  const parts = token.split('.')
  if (parts.length !== 3) return fail('The order is not a compact JWS: three parts in base64url with dots between.')
  const eService = issuerOf(directory, parts[1] ?? '')
  if (!eService || eService.retired || eService.mode !== hub.mode)
    return fail(`iss is not the id of an e-service of this hub, which runs in ${hub.mode} mode.`)
  const verified = await verify(eService, token, now)
  return verified.ok ? readPayload(hub, eService, verified.value, now) : verified
}

const issuerOf = (directory: Directory, payload: string): EService | undefined => {
  const read = readJson(Buffer.from(payload, 'base64url').toString())
  const parsed = 'json' in read ? Issuer.safeParse(read.json) : undefined
  return parsed?.success ? directory.eServices.get(parsed.data.iss) : undefined
}

const verify = async (eService: EService, token: string, now: Instant): Promise<Result<Uint8Array, string>> => {
  const header = headerOf(token)
  if (!header) return fail('The header of the order cannot be read.')
  if ('crit' in header) return fail('The header has crit, and this hub knows no critical extension: leave it out.')
  const { alg } = header
  if (alg !== 'EdDSA' && alg !== 'ES256' && alg !== 'RS256') return fail('alg must be EdDSA, ES256 or RS256.')
  const keys = (eService.orderKeys ?? []).filter(
    ({ publicKey, from, to }) => (from ?? now) <= now && now <= (to ?? now) && orderAlgorithm(publicKey) === alg,
  )
  for (const { publicKey } of keys) {
    try {
      return ok((await compactVerify(token, createPublicKey(publicKey), { algorithms: [alg] })).payload)
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause
    }
  }
  return fail(`The signature verifies with no ${alg} key that is registered for ${eService.id} and in use now.`)
}

const headerOf = (token: string) => {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return undefined
  }
}

const readPayload = (
  hub: Pick<Hub, 'publicUrl'>,
  eService: EService,
  payload: Uint8Array,
  now: Instant,
): Result<SignedOrder, string> => {
  const text = utf8Of(payload)
  const read = text === undefined ? undefined : readJson(text)
  if (!read || !('json' in read)) return fail('The payload is not JSON in UTF-8 that can be stored.')
  const claims = Claims.safeParse(read.json)
  if (!claims.success) return fail(sentenceOf(claims.error))
  const { aud, iat, exp, jti } = claims.data
  if ([aud].flat()[0] !== hub.publicUrl) return fail(`aud must be the address of this hub, ${hub.publicUrl}.`)
  const [issued, ends] = [iat * SECOND_MS, exp * SECOND_MS]
  if (ends <= issued || ends - issued > MAX_LIFE_MS)
    return fail(`exp must be after iat, by ${MAX_LIFE_MS / MINUTE_MS} minutes at most.`)
  const order = NewPayment.safeParse(withoutClaims(read.json))
  if (!order.success) return fail(sentenceOf(order.error))
  const signed = { eService, jti, order: order.data }
  if (now > ends + LEEWAY_MS)
    return ok({ ...signed, untimely: 'The order has expired: sign it when the payer leaves.' })
  if (issued > now + LEEWAY_MS) return ok({ ...signed, untimely: 'iat is in the future: set the clock that signs.' })
  return ok(signed)
}

const OWN_CLAIMS: ReadonlySet<string> = new Set(['iss', 'aud', 'iat', 'exp', 'jti'])
const withoutClaims = (json: unknown): unknown =>
  typeof json === 'object' && json !== null
    ? Object.fromEntries(Object.entries(json).filter(([name]) => !OWN_CLAIMS.has(name)))
    : json

const sentenceOf = (error: z.ZodError): string => {
  const [issue] = error.issues
  return issue ? `${issue.path.join('.') || 'order'}: ${issue.message}` : 'The order cannot be read.'
}
