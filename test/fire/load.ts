import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { formsOf } from '../support/payer.ts'
import { sebForm } from '../support/seb-notice.ts'
import { eventKey, type Ledger } from './ledger.ts'

/** Real payments, at a steady rate: ordered, begun at the bank, accepted and executed by its signed messages. */

export type Shop = { readonly eService: string; readonly apiKey: string }

export type Load = {
  readonly roots: readonly string[]
  /** Where the payer would go back to. */
  readonly elsewhere: string
  readonly ledger: Ledger
  readonly shops: readonly Shop[]
  /** Payments a second. */
  readonly rate: number
  readonly seconds: number
}

/** Events of one payment: started, accepted, executed. */
export const EVENTS_OF_PAYMENT = 3
const AMOUNT_MINOR = 12_345
const LATE_MS = 1_000

export type Loaded = {
  readonly payments: number
  /** The longest that a payment began after its time: how far this program was behind. */
  readonly behindMs: number
}

/** Begins each payment at its time whatever became of the ones before; ends when all have come to their end. */
export const payAll = async (load: Load): Promise<Loaded> => {
  const { ledger, rate, seconds, shops, roots } = load
  const count = Math.round(rate * seconds)
  const began = performance.now()
  const under: Promise<void>[] = []
  let behindMs = 0
  for (let place = 0; place < count; place++) {
    const due = began + (place * 1_000) / rate
    const early = due - performance.now()
    if (early > 0) await pause(early)
    else behindMs = Math.max(behindMs, -early)
    const shop = shops[place % shops.length]
    const root = roots[place % roots.length]
    if (!shop || !root) throw new Error('nobody orders')
    const paying = payOne(load, shop, root, `F-${place + 1}`)
    under.push(paying.catch((error: unknown) => void ledger.breaches.push(String(error))))
  }
  await Promise.all(under)
  if (behindMs > LATE_MS) ledger.breaches.push(`this program was ${Math.round(behindMs)} ms behind its own rate`)
  return { payments: count, behindMs: Math.round(behindMs) }
}

const Ordered = z.object({ id: z.string(), payUrl: z.url() })

const payOne = async (load: Load, { eService, apiKey }: Shop, root: string, reference: string): Promise<void> => {
  const answered = (payment: string, sequence: number): void =>
    void load.ledger.answered.set(eventKey(payment, sequence), { eService, at: performance.now() })
  const order = await asked(201, `${root}/v1/payments`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({
      reference,
      amount: AMOUNT_MINOR,
      currency: 'EUR',
      description: 'Fire',
      returnUrl: `${load.elsewhere}/back`,
      channel: 'seb-lv',
    }),
  })
  const { id, payUrl } = Ordered.parse(JSON.parse(order))
  const url = root + new URL(payUrl).pathname
  const going = formsOf({ url, text: await asked(200, url, {}) }).find(({ fields }) => fields.IB_PAYMENT_ID)
  if (!going) throw new Error(`${reference} is not led to the bank`)
  answered(id, 1)
  const { IB_PAYMENT_ID: PAYMENT_ID = '', IB_PAYMENT_DESC: PAYMENT_DESC = '', IB_FEEDBACK: back = '' } = going.fields
  const told = root + new URL(back).pathname
  for (const [SERVICE, sequence] of [
    ['0003', 2],
    ['0004', 3],
  ] as const) {
    await asked(200, told, { method: 'POST', body: sebForm({ SERVICE, PAYMENT_ID, PAYMENT_DESC }) })
    answered(id, sequence)
  }
}

const TIMEOUT_MS = 30_000

const asked = async (status: number, url: string, init: RequestInit): Promise<string> => {
  const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  const text = await response.text()
  if (response.status === status) return text
  throw new Error(`${url} was answered ${response.status}: ${text.slice(0, 300)}`)
}
