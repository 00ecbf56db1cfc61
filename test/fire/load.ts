import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { SECOND_MS } from '../../src/kernel/time.ts'
import { formsOf } from '../support/payer.ts'
import { sebForm } from '../support/seb-notice.ts'
import { eventKey, type Ledger } from './ledger.ts'

/** Real payments, at a steady rate: ordered, begun at the bank, accepted and executed by its signed messages. A hub that does not answer is asked again, as programs and banks do. */

export type Shop = { readonly eService: string; readonly apiKey: string }

export type Load = {
  readonly roots: readonly string[]
  /** Where the payer would go back to. */
  readonly elsewhere: string
  readonly ledger: Ledger
  /** Payments that were begun. */
  readonly made: { count: number }
  readonly shops: readonly Shop[]
  /** Payments a second. */
  readonly rate: number
  readonly seconds: number
}

/** Events of one payment: started, accepted, executed. */
export const EVENTS_OF_PAYMENT = 3
const AMOUNT_MINOR = 12_345
const LATE_MS = 1_000

/** Payers do not all come at once to a hub that was started a moment ago: the rate grows from nothing, for so long. */
export const growingS = (seconds: number): number => Math.min(LONGEST_GROWING_S, seconds / 6)
const LONGEST_GROWING_S = 10

/** When a payment begins, in milliseconds after the first: half a growing time later than at the full rate from the start. */
const dueMs = (place: number, { rate, seconds }: Pick<Load, 'rate' | 'seconds'>): number => {
  const grows = growingS(seconds)
  const s = place < (rate * grows) / 2 ? Math.sqrt((2 * grows * place) / rate) : grows / 2 + place / rate
  return s * SECOND_MS
}

/**
 * Begins each payment at its time whatever became of the ones before; ends when all have come to their end. Returns the longest that a
 * payment began after its time, in milliseconds: how far this program was behind.
 */
export const payAll = async (load: Load): Promise<number> => {
  const { ledger, rate, seconds, shops } = load
  const count = Math.round(rate * seconds)
  const began = performance.now()
  const under: Promise<void>[] = []
  let behindMs = 0
  for (let place = 0; place < count; place++) {
    const due = began + dueMs(place, load)
    const early = due - performance.now()
    if (early > 0) await pause(early)
    else behindMs = Math.max(behindMs, -early)
    const shop = shops[place % shops.length]
    if (!shop) throw new Error('nobody orders')
    under.push(payOne(load, shop, `F-${place + 1}`, place))
  }
  await Promise.all(under)
  if (behindMs > LATE_MS) ledger.breaches.push(`this program was ${Math.round(behindMs)} ms behind its own rate`)
  return Math.round(behindMs)
}

/** One payment of each, beside the others; `name` tells its references from theirs. */
export const payEach = async (load: Paying, shops: readonly Shop[], name: string): Promise<void> => {
  await Promise.all(shops.map((shop, place) => payOne(load, shop, `${name}-${place + 1}`, place)))
}

export type Paying = Pick<Load, 'roots' | 'elsewhere' | 'ledger' | 'made'>

const payOne = async (load: Paying, shop: Shop, reference: string, place: number): Promise<void> => {
  load.made.count++
  await paid(load, shop, reference, place).catch(
    (error: unknown) => void load.ledger.breaches.push(`${reference}: ${error}`),
  )
}

const Ordered = z.object({ id: z.string(), payUrl: z.url() })

const paid = async (load: Paying, shop: Shop, reference: string, place: number): Promise<void> => {
  const { ledger, elsewhere, roots } = load
  const asked = (status: number, path: string, init: RequestInit) => answerOf(roots, place, { status, path, init })
  const answered = (payment: string, sequence: number): void =>
    void ledger.answered.set(eventKey(payment, sequence), { eService: shop.eService, at: performance.now() })
  const order = await asked(201, '/v1/payments', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${shop.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({
      reference,
      amount: AMOUNT_MINOR,
      currency: 'EUR',
      description: 'Fire',
      returnUrl: `${elsewhere}/back`,
      channel: 'seb-lv',
    }),
  })
  const { id, payUrl } = Ordered.parse(JSON.parse(order))
  const page = await asked(200, new URL(payUrl).pathname, {})
  const going = formsOf({ url: payUrl, text: page }).find(({ fields }) => fields.IB_PAYMENT_ID)
  if (!going) throw new Error(`${reference} is not led to the bank`)
  answered(id, 1)
  const { IB_PAYMENT_ID: PAYMENT_ID = '', IB_PAYMENT_DESC: PAYMENT_DESC = '', IB_FEEDBACK: back = '' } = going.fields
  const told = new URL(back).pathname
  for (const [SERVICE, sequence] of [
    ['0003', 2],
    ['0004', 3],
  ] as const) {
    await asked(200, told, { method: 'POST', body: sebForm({ SERVICE, PAYMENT_ID, PAYMENT_DESC }) })
    answered(id, sequence)
  }
}

const TIMEOUT_MS = 30_000
/** As long as a hub may take to come back. */
const ASKED_FOR_MS = 60_000
/** Doubled each time: a hub that has too much to do is not helped by being asked more. */
const AGAIN_MS = 100
const AGAIN_AT_MOST_MS = 3_000
/** Too slow to come, still at work on the same, too many. */
const NOT_NOW = [408, 409, 429]

type Asked = { readonly status: number; readonly path: string; readonly init: RequestInit }

/** Of the hub whose turn it is, else of the next; one that is not there, or says that it cannot now, is not the last word. */
const answerOf = async (roots: readonly string[], place: number, { status, path, init }: Asked): Promise<string> => {
  const until = performance.now() + ASKED_FOR_MS
  for (let tries = 0; ; tries++) {
    const url = `${roots[(place + tries) % roots.length]}${path}`
    const found = await answered(url, init)
    if (found.status === status) return found.text
    const final = found.status !== undefined && found.status < 500 && !NOT_NOW.includes(found.status)
    if (final || performance.now() > until)
      throw new Error(`${url} was answered ${found.status ?? 'nothing'}: ${found.text.slice(0, 300)}`)
    await pause(Math.min(AGAIN_MS * 2 ** tries, AGAIN_AT_MOST_MS))
  }
}

type Found = { readonly status: number | undefined; readonly text: string }

const answered = async (url: string, init: RequestInit): Promise<Found> => {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    return { status: response.status, text: await response.text() }
  } catch (fault) {
    return { status: undefined, text: String(fault) }
  }
}
