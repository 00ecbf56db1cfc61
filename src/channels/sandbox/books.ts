import { z } from 'zod'
import type { Language } from '../../kernel/language.ts'
import type { Currency, Money } from '../../kernel/money.ts'
import { type Instant, MINUTE_MS, toRfc3339 } from '../../kernel/time.ts'
import type { Setup, SimulatedOrder } from '../simulator.ts'

/** The bogus bank's books: written from the bank's side; shares nothing with the channel but the README. */

export type Books = {
  readonly accounts: readonly Account[]
  readonly orders: ReadonlyMap<string, BookedOrder>
  /** How the bank answers calls at present. */
  readonly calls: CallMood
  /** The first genuine notice of a payment that left the bank, kept for replaying. */
  readonly firstNotice?: { readonly order: string; readonly body: Uint8Array; readonly signature: string }
}

export const CALL_MOODS = ['well', 'failing', 'slow', 'silent', 'turning_down'] as const
export type CallMood = (typeof CALL_MOODS)[number]

/** One agreement as the bank keeps it; `signedAs` is the agreement whose key its messages are signed with. */
export type Account = {
  readonly agreement: string
  readonly signedAs: string
  readonly merchant: string
  readonly iban: string
}

export type Status = 'processing' | 'paid' | 'declined' | 'cancelled'

export type BookedOrder = {
  readonly id: string
  readonly agreement: string
  readonly signedAs: string
  readonly merchant: string
  readonly number: string
  readonly reference: string
  readonly text: string
  readonly language: Language
  readonly ordered: Money
  /** What was taken from the payer: as ordered, unless the tester made the bank wrong. */
  readonly taken: Money
  readonly account: string
  /** Where the money went: the ordered account, unless the tester made the bank wrong. */
  readonly paidTo: string
  readonly payerName: string
  readonly backUrl: string
  readonly noticeUrl: string
  readonly madeAt: Instant
  readonly payableUntil: Instant
  readonly bankReference: string
  /** What becomes of it and when, oldest first; may lie ahead. Empty until somebody decides. */
  readonly fate: readonly { readonly at: Instant; readonly status: Status }[]
  readonly refunds: readonly BookedRefund[]
  readonly reversals: readonly { readonly id: string; readonly amountMinor: number; readonly at: Instant }[]
}

export type BookedRefund = {
  readonly id: string
  readonly number?: string
  readonly amountMinor: number
  readonly askedAt: Instant
  readonly ends: 'done' | 'failed'
  readonly endsAt: Instant
}

export const NewOrder = z.object({
  merchant: z.string(),
  number: z.string().regex(/^\d{1,10}$/),
  amount: z.int().min(1),
  currency: z.string().regex(/^[A-Z]{3}$/),
  account: z.string(),
  reference: z.string().min(1).max(35),
  text: z.string().min(1).max(140),
  language: z.string().min(2).max(10),
  payerName: z.string().max(140).optional(),
  payableForMinutes: z.int().min(1).max(1440),
  backUrl: z.url(),
  noticeUrl: z.url(),
})
export type NewOrder = z.infer<typeof NewOrder>

/** Invented; `SAND` is no bank, the check digits are right. */
const PAYER = { name: 'Anna Paraudziņa', account: 'LV18SAND0000000000001' }

export const openBooks = (setup: Setup): Books => ({
  accounts: setup.agreements.map((agreement) => ({
    agreement: agreement.id,
    signedAs: agreement.id,
    merchant: z.object({ merchantId: z.string() }).parse(agreement.settings).merchantId,
    iban: agreement.payee.iban,
  })),
  orders: new Map(),
  calls: 'well',
})

export const book = (books: Books, order: BookedOrder): Books => ({
  ...books,
  orders: new Map(books.orders).set(order.id, order),
})

export const newOrder = (made: NewOrder, account: Account, count: number, nonce: string, now: Instant): BookedOrder => {
  const ordered = { amountMinor: made.amount, currency: made.currency }
  return {
    id: `sbx_${count + 1}_${nonce.slice(0, 16)}`,
    agreement: account.agreement,
    signedAs: account.signedAs,
    merchant: made.merchant,
    number: made.number,
    reference: made.reference,
    text: made.text,
    language: made.language,
    ordered,
    taken: ordered,
    account: made.account,
    paidTo: made.account,
    payerName: made.payerName ?? PAYER.name,
    backUrl: made.backUrl,
    noticeUrl: made.noticeUrl,
    madeAt: now,
    payableUntil: now + made.payableForMinutes * MINUTE_MS,
    bankReference: `SB${String(count + 1).padStart(6, '0')}`,
    fate: [],
    refunds: [],
    reversals: [],
  }
}

export const byNumber = (books: Books, merchant: string, number: string): BookedOrder | undefined => {
  for (const order of books.orders.values()) if (order.merchant === merchant && order.number === number) return order
  return undefined
}

type Shown = { readonly status: Status | 'created' | 'expired'; readonly at: Instant }

/** Where an order stands at a moment. */
export const statusAt = (order: BookedOrder, at: Instant): Shown => {
  const reached = order.fate.filter((turn) => turn.at <= at).at(-1)
  if (reached) return reached
  if (at < order.payableUntil) return { status: 'created', at: order.madeAt }
  return { status: 'expired', at: order.payableUntil }
}

const money = (amountMinor: number, currency: Currency) => ({ amount: amountMinor, currency })

export const refundView = (refund: BookedRefund, currency: Currency, at: Instant) => ({
  id: refund.id,
  ...(refund.number === undefined ? {} : { number: refund.number }),
  status: at < refund.endsAt ? 'pending' : refund.ends,
  ...money(refund.amountMinor, currency),
  at: toRfc3339(at < refund.endsAt ? refund.askedAt : refund.endsAt),
})

/** The order as the bank tells it at a moment, in an answer or a notice. */
export const paymentView = (order: BookedOrder, at: Instant, root: string) => {
  const shown = statusAt(order, at)
  const begun = shown.status === 'paid' || shown.status === 'processing'
  return {
    id: order.id,
    merchant: order.merchant,
    number: order.number,
    reference: order.reference,
    status: shown.status,
    ...money(order.taken.amountMinor, order.taken.currency),
    account: order.paidTo,
    ...(shown.status === 'created' ? { page: `${root}/pay/${order.id}` } : {}),
    ...(begun ? { bankReference: order.bankReference, payer: { name: order.payerName, account: PAYER.account } } : {}),
    at: toRfc3339(shown.at),
    refunds: order.refunds
      .filter((refund) => refund.askedAt <= at)
      .map((refund) => refundView(refund, order.taken.currency, at)),
    reversals: order.reversals
      .filter((reversal) => reversal.at <= at)
      .map(({ id, amountMinor, at: when }) => ({
        id,
        ...money(amountMinor, order.taken.currency),
        at: toRfc3339(when),
      })),
  }
}
export type PaymentView = ReturnType<typeof paymentView>

/** Refunds that were made or still may be. */
export const refundedMinor = (order: BookedOrder): number =>
  order.refunds.filter((refund) => refund.ends === 'done').reduce((sum, refund) => sum + refund.amountMinor, 0)

/** The truth about money: settled, or surely about to be, in the amount ordered. */
export const simulatedOrders = (books: Books): readonly SimulatedOrder[] =>
  [...books.orders.values()].map((order) => ({
    id: order.id,
    agreement: order.agreement,
    number: order.number,
    amount: order.ordered,
    text: `${order.reference} · ${order.text}`,
    language: order.language,
    paid:
      order.fate.some((turn) => turn.status === 'paid') &&
      order.taken.amountMinor === order.ordered.amountMinor &&
      order.taken.currency === order.ordered.currency &&
      order.paidTo === order.account,
    refundedMinor: refundedMinor(order),
    madeAt: order.madeAt,
  }))
