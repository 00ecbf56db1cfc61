import { isSigned, jsonOf, type PublicJwk } from './jws.ts'
import type { PaymentStatus } from './types.ts'

export type ReturnCheck = {
  /** The parameter `token` of the return address. */
  readonly token: string
  /** The set at `/.well-known/jwks.json`, or `hub.returnKeys`, which keeps it. */
  readonly keys: readonly PublicJwk[] | ((kid: string, now: number) => Promise<readonly PublicJwk[]>)
  /** The hub's public address, without a slash at its end. */
  readonly issuer: string
  readonly eService: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What the payer's browser carried back and the hub signed: good for what is shown; what is done waits for the notice. */
export type VerifiedReturn =
  | { readonly ok: true; readonly payment: string; readonly reference: string; readonly status: PaymentStatus }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown_key' | 'signature' | 'not_for_us' | 'expired' }

/** Verifies a return token (JWS, EdDSA or ES256). The algorithm is that of the key, never what the token claims alone. */
export const verifyReturn = async (check: ReturnCheck): Promise<VerifiedReturn> => {
  const refused = (reason: Exclude<VerifiedReturn, { ok: true }>['reason']): VerifiedReturn => ({ ok: false, reason })
  const [head = '', payload = '', signature = '', ...more] = check.token.slice(0, MAX_TOKEN_LENGTH).split('.')
  const header = jsonOf(head)
  const kid = header?.kid
  if (typeof kid !== 'string' || more.length > 0) return refused('malformed')
  const keys = typeof check.keys === 'function' ? await check.keys(kid, check.now) : check.keys
  const key = keys.find((one) => one.kid === kid)
  if (!key) return refused('unknown_key')
  const genuine = isSigned(key, header?.alg, `${head}.${payload}`, Buffer.from(signature, 'base64url'))
  if (!genuine) return refused('signature')
  const claims = jsonOf(payload)
  if (claims?.iss !== check.issuer || claims.aud !== check.eService) return refused('not_for_us')
  if (typeof claims.exp !== 'number' || claims.exp * 1_000 <= check.now) return refused('expired')
  const { sub, reference, status } = claims
  const whole = typeof sub === 'string' && typeof reference === 'string' && isStatus(status)
  return whole ? { ok: true, payment: sub, reference, status } : refused('malformed')
}

/** The hub's tokens have some 400 characters; a longer text is not one of them. */
const MAX_TOKEN_LENGTH = 4_096

const STATUSES: readonly PaymentStatus[] = [
  'open',
  'started',
  'accepted',
  'executed',
  'refused',
  'cancelled',
  'expired',
]
const isStatus = (value: unknown): value is PaymentStatus => STATUSES.some((status) => status === value)
