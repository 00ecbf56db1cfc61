import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { parseInstant, systemClock } from '../../src/kernel/time.ts'
import { checkSignature } from '../../src/sdk/signature.ts'
import type { Address, Kind } from './addresses.ts'

/** What the outside world knows for certain: which calls were answered, which notices came where, and what must not happen. */
export type Ledger = {
  /** When the call was answered that made the event, by `performance.now()`; by payment and sequence. */
  readonly answered: Map<string, Answered>
  /** Notices whose first sending arrived, by event. */
  readonly heard: Map<string, Heard>
  /** Notices that came once more. */
  readonly repeated: { count: number }
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

export const openLedger = (): Ledger => ({
  answered: new Map(),
  heard: new Map(),
  repeated: { count: 0 },
  breaches: [],
})

export const eventKey = (payment: string, sequence: number): string => `${payment} ${sequence}`

const Notice = z.object({
  timestamp: z.string(),
  sequence: z.int(),
  data: z.object({ eService: z.string(), payment: z.looseObject({ id: z.string() }) }),
})

/** What an e-service does with a notice: checks it, writes it down. Whoever is told what is not theirs says so. */
export const openHearing = (ledger: Ledger, keysOf: (eService: string) => readonly string[]) => {
  const newest = new Map<string, number>()
  return (address: Address, request: IncomingMessage, body: Uint8Array): boolean => {
    const at = performance.now()
    const now = systemClock.now()
    const header = (name: string): string | undefined => request.headers[name]?.toString()
    const [id = '', timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header)
    const fault = checkSignature({ id, timestamp, signature, body }, keysOf(address.eService), now)
    if (fault !== undefined) {
      ledger.breaches.push(`a notice to ${address.eService} does not verify: ${fault}`)
      return false
    }
    const { sequence, timestamp: written, data } = Notice.parse(JSON.parse(new TextDecoder().decode(body)))
    const payment = data.payment.id
    if (data.eService !== address.eService) ledger.breaches.push(`${address.eService} heard ${id} of ${data.eService}`)
    if (ledger.heard.has(id)) {
      ledger.repeated.count++
      return true
    }
    const sinceEventMs = now - (parseInstant(written) ?? 0)
    ledger.heard.set(id, { eService: address.eService, kind: address.kind, payment, sequence, at, sinceEventMs })
    const before = newest.get(payment) ?? 0
    newest.set(payment, Math.max(sequence, before))
    if (sequence !== before + 1) ledger.breaches.push(`${payment}: event ${sequence} was acknowledged after ${before}`)
    return true
  }
}
