import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'

/** Compact JWS as the hub makes them (RFC 7515), with keys of its set. */

export type PublicJwk = JsonWebKey & { readonly kid?: string }

/** The algorithm is that of the key, never what the token claims alone. */
export const isSigned = (jwk: PublicJwk, alg: unknown, text: string, signature: Buffer): boolean => {
  const kind = jwk.kty === 'OKP' && jwk.crv === 'Ed25519' ? 'EdDSA' : jwk.crv === 'P-256' ? 'ES256' : undefined
  if (kind === undefined || alg !== kind) return false
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const bytes = Buffer.from(text)
    return kind === 'EdDSA'
      ? verify(null, bytes, key, signature)
      : verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
  } catch {
    return false
  }
}

/** A part of a JWS, which is base64url of a JSON object. */
export const jsonOf = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
