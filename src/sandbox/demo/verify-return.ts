import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { type Instant, SECOND_MS } from '../../kernel/time.ts'

const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  reference: z.string(),
  status: z.string(),
  exp: z.number(),
})

/** What the payer's browser carried back and the hub signed: good for what is shown, not for what is done. */
export type VerifiedReturn = { readonly payment: string; readonly reference: string; readonly status: string }

/** Undefined when the token is not the hub's, is meant for another e-service, or is older than it may be. */
export const verifyReturn = async (
  token: string,
  keys: JSONWebKeySet,
  expected: { readonly issuer: string; readonly eService: string; readonly now: Instant },
): Promise<VerifiedReturn | undefined> => {
  try {
    const { payload } = await compactVerify(token, createLocalJWKSet(keys), { algorithms: ['EdDSA'] })
    const claims = Claims.parse(JSON.parse(new TextDecoder().decode(payload)))
    const meant = claims.iss === expected.issuer && claims.aud === expected.eService
    if (!meant || claims.exp * SECOND_MS <= expected.now) return undefined
    return { payment: claims.sub, reference: claims.reference, status: claims.status }
  } catch {
    return undefined
  }
}
