import { createPrivateKey, KeyObject, randomUUID, sign } from 'node:crypto'
import type { NewPayment } from './types.ts'

export type OrderSigning = {
  /** The private half of one of the e-service's `orderKeys`: PEM, or as Node keeps keys. Ed25519, P-256, or RSA of 2048 bits or more. */
  readonly key: string | KeyObject
  readonly eService: string
  /** The hub's public address, without a slash at its end. */
  readonly hub: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** New for each order; made when absent. */
  readonly jti?: string
}

/** Long enough to read the page and press the button; the hub takes 15 minutes at most. */
const LIVES_SECONDS = 600

/**
 * An order that the payer's browser carries: put it in a form with the one field `order`, posted to `/pay` of the hub. Sign it when the
 * page is made. Throws a TypeError when the key is none that the hub takes.
 */
export const signOrder = (order: NewPayment, signing: OrderSigning): string => {
  const key = signing.key instanceof KeyObject ? signing.key : createPrivateKey(signing.key)
  const { alg, hash } = algorithmOf(key)
  const iat = Math.floor(signing.now / 1_000)
  const jti = signing.jti ?? randomUUID()
  const claims = { ...order, iss: signing.eService, aud: signing.hub, iat, exp: iat + LIVES_SECONDS, jti }
  const text = `${part({ alg })}.${part(claims)}`
  return `${text}.${sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Each kind of key has one algorithm, as at the hub. */
const algorithmOf = (key: KeyObject): { readonly alg: string; readonly hash: string | null } => {
  const { type, asymmetricKeyType: kind, asymmetricKeyDetails: details } = key
  if (type === 'private' && kind === 'ed25519') return { alg: 'EdDSA', hash: null }
  if (type === 'private' && kind === 'ec' && details?.namedCurve === 'prime256v1')
    return { alg: 'ES256', hash: 'sha256' }
  if (type === 'private' && kind === 'rsa' && (details?.modulusLength ?? 0) >= 2048)
    return { alg: 'RS256', hash: 'sha256' }
  throw new TypeError('key: give the private half of an Ed25519, a P-256 or an RSA key of 2048 bits or more')
}
