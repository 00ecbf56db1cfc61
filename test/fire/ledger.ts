import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type Instant, parseInstant, SECOND_MS, systemClock } from '../../src/kernel/time.ts'
import type { Address, Answer, Hear, Kind } from './addresses.ts'
import type { Keyring } from './keyring.ts'

/** What the outside world knows for certain: which calls were answered, which notices came where, and what must not happen. */
export type Ledger = {
  /** When the call was answered that made the event, by `performance.now()`; by payment and sequence. */
  readonly answered: Map<string, Answered>
  /** Notices whose first acknowledged sending arrived, by event. */
  readonly heard: Map<string, Heard>
  /** Later sendings of what was acknowledged, by event; when each came. */
  readonly repeated: Map<string, number[]>
  /** When a hub was killed, and when it served again. */
  readonly strikes: Strike[]
  readonly replays: Replay[]
  /** When each notice came to an e-service that answers 410. */
  readonly gone: Map<string, number[]>
  /** By event, of notices that were answered with a `Retry-After`. */
  readonly putOff: Map<string, PutOff>
  readonly breaches: string[]
}

export type Answered = { readonly eService: string; readonly at: number }

export type Heard = {
  readonly eService: string
  readonly kind: Kind
  readonly payment: string
  readonly sequence: number
  /** When it came, by `performance.now()`. */
  readonly at: number
  /** Since the hub wrote the event: what it took before its commit counts too. */
  readonly sinceEventMs: number
}

export type Strike = { readonly from: number; readonly to: number }

/** What an operator had sent once more: all that happened from the one time and before the other. */
export type Replay = {
  readonly eService: string
  readonly from: Instant
  readonly to: Instant
  /** When it was asked for, by `performance.now()`. */
  readonly at: number
  /** How many events the hub said it was. */
  readonly events: number
}

/** `afterMs`: when it came again. */
export type PutOff = { readonly at: number; afterMs: number | undefined }

export const openLedger = (): Ledger => ({
  answered: new Map(),
  heard: new Map(),
  repeated: new Map(),
  strikes: [],
  replays: [],
  gone: new Map(),
  putOff: new Map(),
  breaches: [],
})

export const eventKey = (payment: string, sequence: number): string => `${payment} ${sequence}`

/** More than the ladder's first step, so that it is seen whether it is heeded. */
export const RETRY_AFTER_MS = 8 * SECOND_MS

const Notice = z.object({
  timestamp: z.string(),
  sequence: z.int(),
  data: z.object({ eService: z.string(), payment: z.looseObject({ id: z.string() }) }),
})

/** What an e-service does with a notice: checks it, writes it down. Whoever is told what is not theirs says so. */
export const openHearing = (ledger: Ledger, keyring: Keyring): Hear => {
  const newest = new Map<string, number>()
  return (address, request, body) => {
    const at = performance.now()
    const now = systemClock.now()
    const notice = { ...headersOf(request), body }
    const fault = keyring.check(address.eService, notice, now)
    if (fault !== undefined) {
      ledger.breaches.push(`a notice to ${address.eService} does not verify: ${fault}`)
      return { status: 400 }
    }
    const { id } = notice
    const { sequence, timestamp: written, data } = Notice.parse(JSON.parse(new TextDecoder().decode(body)))
    const payment = data.payment.id
    if (data.eService !== address.eService) ledger.breaches.push(`${address.eService} heard ${id} of ${data.eService}`)
    const unwilling = unwillingly(ledger, address, { id, sequence, at })
    if (unwilling) return unwilling
    if (ledger.heard.has(id)) {
      ledger.repeated.set(id, [...(ledger.repeated.get(id) ?? []), at])
      return TAKEN
    }
    const sinceEventMs = now - (parseInstant(written) ?? 0)
    ledger.heard.set(id, { eService: address.eService, kind: address.kind, payment, sequence, at, sinceEventMs })
    const before = newest.get(payment) ?? 0
    newest.set(payment, Math.max(sequence, before))
    if (sequence !== before + 1) ledger.breaches.push(`${payment}: event ${sequence} was acknowledged after ${before}`)
    return TAKEN
  }
}

const TAKEN: Answer = { status: 200 }

const headersOf = (request: IncomingMessage) => {
  const header = (name: string): string | undefined => request.headers[name]?.toString()
  return {
    id: header('webhook-id') ?? '',
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
  }
}

type Sending = { readonly id: string; readonly sequence: number; readonly at: number }

/** How it is answered by one who is gone, or who has no time yet. */
const unwillingly = (
  { gone, putOff }: Ledger,
  { kind, eService }: Address,
  { id, sequence, at }: Sending,
): Answer | undefined => {
  if (kind === 'gone') {
    gone.set(eService, [...(gone.get(eService) ?? []), at])
    return { status: 410 }
  }
  if (kind !== 'busy' || sequence !== 1) return undefined
  const before = putOff.get(id)
  if (before) {
    before.afterMs ??= at - before.at
    return undefined
  }
  putOff.set(id, { at, afterMs: undefined })
  return { status: 503, retryAfterS: RETRY_AFTER_MS / SECOND_MS }
}
