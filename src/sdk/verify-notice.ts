import { checkSignature, type SignatureFault } from './signature.ts'
import type { Notice } from './types.ts'

export type NoticeCheck = {
  /** As the server framework gives them: `Headers`, or an object with names in small letters. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The bytes or the text as they came, before any parsing: the signature is over them. */
  readonly body: Uint8Array | string
  /** `whsec_…` and `whpk_…` as `ebizness keys notices` prints them: one is enough, for each kind that is given one must fit. */
  readonly keys: readonly string[]
  /** The id of this e-service: a notice for another one is refused. */
  readonly eService: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** The highest `sequence` already acted upon for a payment; undefined when there is none. */
  readonly lastSequence?: (payment: string) => number | undefined
}

/**
 * `new`: act on it, then answer 2xx. `passed`: genuine but overtaken or repeated, so answer 2xx and do nothing.
 * `refused`: answer 400 and do nothing; `reason` is for the log.
 */
export type CheckedNotice =
  | { readonly kind: 'new' | 'passed'; readonly id: string; readonly notice: Notice }
  | { readonly kind: 'refused'; readonly reason: SignatureFault | 'parsed_body' | 'malformed' | 'other_e_service' }

/**
 * Verifies a notice of the hub by Standard Webhooks 1.0, `v1` and `v1a`. Nothing is parsed before its signature fits. Throws a
 * TypeError where `keys` holds anything but keys: no notice could ever be believed.
 */
export const verifyNotice = (check: NoticeCheck): CheckedNotice => {
  checkKeys(check.keys)
  if (!isRaw(check.body)) return { kind: 'refused', reason: 'parsed_body' }
  const header = headerOf(check.headers)
  const id = header('webhook-id') ?? ''
  const body = typeof check.body === 'string' ? new TextEncoder().encode(check.body) : check.body
  const received = { id, timestamp: header('webhook-timestamp'), signature: header('webhook-signature'), body }
  const fault = checkSignature(received, check.keys, check.now)
  if (fault) return { kind: 'refused', reason: fault }
  const notice = noticeOf(body)
  if (!notice) return { kind: 'refused', reason: 'malformed' }
  if (notice.data.eService !== check.eService) return { kind: 'refused', reason: 'other_e_service' }
  const last = check.lastSequence?.(notice.data.payment.id) ?? 0
  return { kind: notice.sequence > last ? 'new' : 'passed', id, notice }
}

const KEY = /^wh(sec|pk)_[\w+/-]+=*$/

const checkKeys = (keys: readonly string[]): void => {
  if (Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string' && KEY.test(key))) return
  throw new TypeError(
    'keys: give a list of whsec_… and whpk_…, as "ebizness keys notices" prints them, one in each place',
  )
}

const isRaw = (body: unknown): boolean => typeof body === 'string' || body instanceof Uint8Array

const headerOf = (headers: NoticeCheck['headers']) => (name: string) => {
  const value = headers instanceof Headers ? headers.get(name) : headers[name]
  return typeof value === 'string' ? value : undefined
}

/** The hub signed it, so its shape is the hub's promise; only what is decided by is looked at. */
const noticeOf = (body: Uint8Array): Notice | undefined => {
  try {
    const notice: Notice = JSON.parse(new TextDecoder().decode(body))
    const told = typeof notice.data.eService === 'string' && typeof notice.data.payment.id === 'string'
    return told && Number.isSafeInteger(notice.sequence) ? notice : undefined
  } catch {
    return undefined
  }
}
