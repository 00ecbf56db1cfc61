import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { answerTo } from './asking.ts'
import type { Ledger } from './ledger.ts'

/** What the hub tells whoever asks it, once everything is over or while it is being killed. */

export type Asked = { readonly hubRoot: string; readonly apiKey: string; readonly ledger: Ledger }

export type FeedEvent = { readonly id: string; readonly payment: string; readonly sequence: number }

const FeedPage = z.object({
  events: z.array(
    z.object({ id: z.string(), sequence: z.int(), data: z.object({ payment: z.looseObject({ id: z.string() }) }) }),
  ),
  cursor: z.string(),
  more: z.boolean(),
})

/** What of a payment matters here. */
export const PaymentShape = z.looseObject({
  id: z.string(),
  reference: z.string(),
  status: z.string(),
  closing: z.string().nullable(),
  attention: z.array(z.string()),
  amount: z.int(),
  paidAmount: z.int(),
  refundedAmount: z.int(),
  refunds: z.array(z.object({ id: z.string(), attempt: z.string(), amount: z.int(), status: z.string() })),
  attempts: z.array(z.object({ id: z.string(), offer: z.string(), number: z.string(), status: z.string() })),
})
/** A payment as the API shows it. */
export type PaymentSeen = { readonly view: z.infer<typeof PaymentShape>; readonly text: string }
const Listed = z.object({ payments: z.array(z.unknown()), next: z.string().nullable() })

const get = async ({ hubRoot, apiKey, ledger }: Asked, path: string): Promise<unknown> => {
  const init = { headers: { authorization: `Bearer ${apiKey}` } }
  const answer = await answerTo(ledger, { url: hubRoot + path, init })
  if (answer?.status !== 200) throw new Error(`${path} was answered ${answer?.status}: ${answer?.text}`)
  return JSON.parse(answer.text)
}

const feedPage = async (asked: Asked, cursor: string | undefined) => {
  const after = cursor === undefined ? '' : `&after=${cursor}`
  const page = FeedPage.parse(await get(asked, `/v1/events?limit=200${after}`))
  const events = page.events.map(({ id, sequence, data }): FeedEvent => ({ id, sequence, payment: data.payment.id }))
  return { ...page, events }
}

/** The whole feed, from its beginning. */
export const wholeFeed = async (asked: Asked): Promise<readonly FeedEvent[]> => {
  const found: FeedEvent[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await feedPage(asked, cursor)
    found.push(...page.events)
    if (!page.more) return found
    cursor = page.cursor
  }
}

/** An e-service that reads on from where it was, all the time. */
export const followFeed = (asked: Asked): { readonly found: readonly FeedEvent[]; stop(): Promise<void> } => {
  const found: FeedEvent[] = []
  let over = false
  const follow = async (): Promise<void> => {
    for (let cursor: string | undefined; ; ) {
      const page = await feedPage(asked, cursor)
      found.push(...page.events)
      cursor = page.cursor
      if (page.more) continue
      if (over) return
      await pause(200)
    }
  }
  const followed = follow().catch((fault: unknown) => void asked.ledger.breaches.push(`reading on: ${fault}`))
  return {
    found,
    stop: () => {
      over = true
      return followed
    },
  }
}

/** Every payment of the e-service. */
export const allPayments = async (asked: Asked): Promise<readonly PaymentSeen[]> => {
  const found: PaymentSeen[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page: z.infer<typeof Listed> = Listed.parse(
      await get(asked, `/v1/payments?limit=100${next === '' ? '' : `&after=${next}`}`),
    )
    for (const one of page.payments) found.push({ view: PaymentShape.parse(one), text: JSON.stringify(one) })
    next = page.next
  }
  return found
}
