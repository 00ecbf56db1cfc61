import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

/**
 * Standard Webhooks 1.0: what is signed is `webhook-id.webhook-timestamp.body`, over the bytes as they came.
 * Keys are what `ebizness keys notices` prints: `whsec_…` checks `v1` (HMAC-SHA256), `whpk_…` checks `v1a` (Ed25519). For each kind of
 * key that is given one signature must fit, so that who holds both is not fooled by one that leaked; several keys of a kind may be
 * valid while they are rotated. Undefined: it is genuine. `now` is in milliseconds, as the machine's clock gives them.
 */
export const checkSignature = (
  notice: ReceivedNotice,
  keys: readonly string[],
  now: number,
): SignatureFault | undefined => {
  const { id, timestamp, signature } = notice
  if (!id || !timestamp || !signature) return 'header_missing'
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : Number.NaN
  if (!(Math.abs(now - at) <= TOLERANCE_MS)) return 'stale'
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), notice.body])
  const given = signature.split(' ').map((one) => one.split(','))
  const fits = ([prefix, kind, check]: (typeof KINDS)[number]): boolean | undefined => {
    const own = keys.filter((key) => key.startsWith(prefix)).map((key) => bytesOf(key.slice(prefix.length)))
    if (own.length === 0) return undefined
    return given.some(([name, text = '']) => name === kind && own.some((key) => check(key, signed, bytesOf(text))))
  }
  const found = KINDS.map(fits).filter((one) => one !== undefined)
  return found.length > 0 && found.every(Boolean) ? undefined : 'signature'
}

export type ReceivedNotice = {
  /** The headers `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly signature: string | undefined
  readonly body: Uint8Array
}

export type SignatureFault = 'header_missing' | 'stale' | 'signature'

/** As the reference libraries have it: a notice that somebody caught is worth nothing later. */
const TOLERANCE_MS = 5 * 60_000

type Check = (key: Uint8Array, signed: Uint8Array, signature: Uint8Array) => boolean

const isHmac: Check = (key, signed, signature) => {
  const expected = createHmac('sha256', key).update(signed).digest()
  return signature.length === expected.length && timingSafeEqual(expected, signature)
}

/** RFC 8410 §4: what precedes the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const isEd25519: Check = (key, signed, signature) => {
  if (key.length !== 32 || signature.length !== 64) return false
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_ED25519, key]), format: 'der', type: 'spki' })
  return verify(null, signed, publicKey, signature)
}

const KINDS: readonly (readonly [prefix: string, kind: string, check: Check])[] = [
  ['whsec_', 'v1', isHmac],
  ['whpk_', 'v1a', isEd25519],
]

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64')
