import { isDeepStrictEqual } from 'node:util'
import { isSigned, jsonOf, type PublicJwk } from './jws.ts'
import type { Receipt } from './types.ts'

export type ReceiptCheck = {
  /** The file as it was kept: its text, or that of the JWS alone. */
  readonly file: string
  /** The set at the hub's `/.well-known/jwks.json`, fetched now or saved years ago: keys are not taken out of it. */
  readonly keys: readonly PublicJwk[]
  /** The hub's public address, where the keys might be of another one. */
  readonly issuer?: string
}

export type ReceiptFault =
  /** Not a receipt at all. */
  | 'malformed'
  /** Signed by a key that is not in the set: another hub's, a withdrawn one, or the set is older than the receipt. */
  | 'unknown_key'
  | 'signature'
  /** Genuine, and not a receipt: something else that the hub signed. */
  | 'not_a_receipt'
  | 'other_hub'
  /** What is signed is genuine, and the readable part says something else. */
  | 'altered'

export type VerifiedReceipt =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly reason: ReceiptFault }

/** Verifies a receipt without a network. Believe what it gives back, never the file. */
export const verifyReceipt = ({ file, keys, issuer }: ReceiptCheck): VerifiedReceipt => {
  const refused = (reason: ReceiptFault): VerifiedReceipt => ({ ok: false, reason })
  const { jws, readable } = partsOf(file.slice(0, MAX_FILE_LENGTH + 1))
  const [head = '', payload = '', signature = '', ...more] = jws.split('.')
  const header = jsonOf(head)
  const kid = header?.kid
  if (typeof kid !== 'string' || more.length > 0) return refused('malformed')
  const key = keys.find((one) => one.kid === kid)
  if (!key) return refused('unknown_key')
  if (!isSigned(key, header?.alg, `${head}.${payload}`, Buffer.from(signature, 'base64url')))
    return refused('signature')
  const receipt = jsonOf(payload)
  if (header?.typ !== RECEIPT_TYPE || !isReceipt(receipt)) return refused('not_a_receipt')
  if (issuer !== undefined && receipt.iss !== issuer) return refused('other_hub')
  if (readable !== undefined && !isDeepStrictEqual(readable, receipt)) return refused('altered')
  return { ok: true, receipt }
}

const RECEIPT_TYPE = 'ebizness-receipt+jws'
/** A receipt with six languages of everything has some 8,000 characters. */
const MAX_FILE_LENGTH = 64 * 1024

const partsOf = (file: string): { readonly jws: string; readonly readable?: unknown } => {
  const text = file.trim()
  if (/^[\w.-]+$/.test(text)) return { jws: text }
  try {
    const read: unknown = text.length > MAX_FILE_LENGTH ? undefined : JSON.parse(text)
    if (typeof read !== 'object' || read === null || !('jws' in read) || typeof read.jws !== 'string')
      return { jws: '' }
    return 'receipt' in read ? { jws: read.jws, readable: read.receipt } : { jws: read.jws }
  } catch {
    return { jws: '' }
  }
}

const TEXTS = ['iss', 'hub', 'mode', 'payment', 'reference', 'eService', 'currency', 'issuedAt'] as const
const RECORDS = ['merchant', 'payee', 'description', 'bank'] as const
const SUMS = ['amount', 'refundedAmount', 'reversedAmount'] as const

/** A later hub may say more; what is here must be there. */
const isReceipt = (claims: object | undefined): claims is Receipt => {
  const all = new Map<string, unknown>(Object.entries(claims ?? {}))
  return (
    TEXTS.every((name) => typeof all.get(name) === 'string') &&
    SUMS.every((name) => Number.isSafeInteger(all.get(name))) &&
    RECORDS.every((name) => typeof all.get(name) === 'object' && all.get(name) !== null)
  )
}
