import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { Random } from '../kernel/ids.ts'
import { type Instant, SECOND_MS } from '../kernel/time.ts'

/**
 * Standard Webhooks 1.0 (standard-webhooks/spec, "Signature scheme"): what is signed is `id.timestamp.body`; `v1` is HMAC-SHA256 with
 * a shared secret, `v1a` Ed25519 with a key of which the receiver has only the public half. The header lists one signature of each
 * kind for each key that is valid, so that a receiver may change keys at its own pace.
 */
export type SigningKey = {
  /** `whsec_` and 32 bytes in base64; the receiver has it too. */
  readonly secret: string
  /** `whpk_` and the raw 32 bytes in base64. */
  readonly publicKey: string
  readonly sign: (message: string) => string
}

export type NoticeHeaders = {
  readonly 'webhook-id': string
  /** Seconds since 1970. */
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/** Headers of one sending; `id` stays the same in every repetition, the time is the sending's. */
export const noticeHeaders = (id: string, at: Instant, body: string, keys: readonly SigningKey[]): NoticeHeaders => {
  const timestamp = String(Math.floor(at / SECOND_MS))
  const message = `${id}.${timestamp}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => key.sign(message)).join(' '),
  }
}

/** New keys as the text that is sealed: `whsec_… whsk_…`. The specification asks for 24–64 bytes of secret. */
export const newKeyText = (random: Random): string =>
  `whsec_${base64(random(KEY_BYTES))} whsk_${base64(random(KEY_BYTES))}`

/** Throws on a text that `newKeyText` did not write. */
export const openKeyText = (text: string): SigningKey => {
  const match = /^(whsec_([A-Za-z0-9+/=]+)) whsk_([A-Za-z0-9+/=]+)$/.exec(text)
  if (!match) throw new Error('this is not a signing key of a notice address')
  const [, secret = '', shared = '', seed = ''] = match
  const sharedKey = Buffer.from(shared, 'base64')
  const privateKey = ed25519(Buffer.from(seed, 'base64'))
  return {
    secret,
    publicKey: `whpk_${base64(rawPublicKey(privateKey))}`,
    sign: (message) => {
      const bytes = Buffer.from(message)
      const v1 = createHmac('sha256', sharedKey).update(bytes).digest('base64')
      return `v1,${v1} v1a,${base64(sign(null, bytes, privateKey))}`
    },
  }
}

const KEY_BYTES = 32
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** RFC 8410 §7: what precedes the 32 bytes of a private key in PKCS #8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const ed25519 = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })

/** The last 32 bytes of its SubjectPublicKeyInfo (RFC 8410 §4). */
const rawPublicKey = (key: KeyObject): Uint8Array =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
