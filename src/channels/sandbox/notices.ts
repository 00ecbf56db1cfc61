import { MINUTE_MS } from '../../kernel/time.ts'
import type { Bank, SentMessage } from '../simulator.ts'
import { type BookedOrder, type Books, paymentView } from './books.ts'
import type { Forgery } from './choices.ts'

/** What the bank's server sends, genuine or forged. */

export type Signed = { readonly body: Uint8Array; readonly signature: string }

const signed = async (view: unknown, event: string, agreement: string, bank: Bank, key?: number): Promise<Signed> => {
  const body = new TextEncoder().encode(JSON.stringify({ event, payment: view }))
  const signature = await bank.sign(agreement, 'ed25519', body, key)
  return { body, signature: Buffer.from(signature).toString('base64') }
}

/** What the bank truthfully says of an order at a moment. */
export const notice = (order: BookedOrder, at: number, bank: Bank): Promise<Signed> => {
  const view = paymentView(order, at, bank.root)
  const last = view.reversals.length > 0 ? 'reversed' : view.refunds.length > 0 ? 'refund' : view.status
  return signed(view, `payment.${last}`, order.signedAs, bank)
}

const STRANGER = 9

export const forge = async (
  books: Books,
  order: BookedOrder,
  forgery: Forgery,
  bank: Bank,
): Promise<Signed | undefined> => {
  if (forgery.flaw === 'replay') return books.firstNotice?.order === order.id ? undefined : books.firstNotice
  const pretended: BookedOrder = { ...order, fate: [{ at: bank.now, status: 'paid' }] }
  const view = paymentView(pretended, bank.now, bank.root)
  const claim = forgery.alter ? forgery.alter(view) : view
  const key = forgery.flaw === 'strangers_key' ? STRANGER : undefined
  const made = await signed(claim, 'payment.paid', order.signedAs, bank, key)
  return forgery.flaw === 'bad_signature' ? { ...made, signature: spoilt(made.signature) } : made
}

/** Another first letter: well-formed still, and wrong. */
const spoilt = (signature: string): string => (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)

export const sent = (
  order: BookedOrder,
  { body, signature }: Signed,
  afterMs: number,
  genuine: boolean,
): SentMessage => ({
  afterMs,
  method: 'POST',
  url: order.noticeUrl,
  headers: { 'content-type': 'application/json', 'x-sandbox-signature': signature },
  body,
  ...(genuine ? { repeat: { everyMs: MINUTE_MS, times: 10 } } : {}),
})
