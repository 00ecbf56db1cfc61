import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import { turn } from '../bank-sentences.ts'
import type { WireMessage } from '../channel.ts'
import type { Bank, SimulatorAnswer, Turn } from '../simulator.ts'
import {
  type Account,
  type BookedOrder,
  type Books,
  book,
  byNumber,
  CALL_MOODS,
  NewOrder,
  newOrder,
  paymentView,
  refundedMinor,
  refundView,
  statusAt,
} from './books.ts'
import { CALLS_BY_AMOUNT, type CallFault } from './choices.ts'
import { notice, sent } from './notices.ts'

/** What the merchant's server may ask of the bank, and how the bank fails to answer. */

const json = (status: number, body: unknown): Extract<SimulatorAnswer, { kind: 'answer' }> => ({
  kind: 'answer',
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const problem = (status: number, error: string, detail: string) => json(status, { error, detail })

const bodyOf = <Value>(bytes: Uint8Array, shape: z.ZodType<Value>): Value | undefined => {
  try {
    return shape.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data
  } catch {
    return undefined
  }
}

export const switchCalls = (books: Books, bytes: Uint8Array): Turn<Books> => {
  const wanted = bodyOf(bytes, z.strictObject({ calls: z.enum(CALL_MOODS) }))
  return wanted
    ? turn({ ...books, calls: wanted.calls }, json(200, wanted))
    : turn(books, problem(422, 'unknown_mood', `calls must be one of ${CALL_MOODS.join(', ')}`))
}

const SLOW_MS = 8 * SECOND_MS

/** How a call goes wrong; the books are what they are. */
const faulty = (fault: CallFault, right: SimulatorAnswer): SimulatorAnswer => {
  switch (fault) {
    case 'failing':
      return problem(500, 'out_of_order', 'the bogus bank is out of order')
    case 'slow':
      return right.kind === 'answer' ? { ...right, afterMs: SLOW_MS } : right
    case 'silent':
      return { kind: 'silence' }
    case 'turning_down':
      return problem(422, 'turned_down', 'the bogus bank does not take this order')
    case 'nonsense':
      return { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>It works!</h1>' }
  }
}

/** Keys of this bank name their merchant, as many gateways' do: `sandbox_<merchant>_<at least 16 characters>`. */
const merchantOfKey = (authorization: string | undefined): string | undefined =>
  /^Bearer sandbox_([A-Z0-9]{3,35})_\S{16,}$/.exec(authorization ?? '')?.[1]

export type Call = {
  readonly books: Books
  readonly message: WireMessage
  readonly bank: Bank
  /** Of the payment, and what of it, as the path names them. */
  readonly id: string | undefined
  readonly part: string | undefined
}

export const called = async (call: Call): Promise<Turn<Books>> => {
  const { books, message } = call
  const merchant = merchantOfKey(message.headers.authorization)
  if (merchant === undefined || books.accounts.length === 0)
    return turn(books, problem(401, 'unknown_key', 'no such API key'))
  if (books.calls !== 'well' && books.calls !== 'slow') return turn(books, faulty(books.calls, { kind: 'silence' }))
  const done = await route(call, merchant)
  return books.calls === 'slow' ? { ...done, answer: faulty('slow', done.answer) } : done
}

const route = async (call: Call, merchant: string): Promise<Turn<Books>> => {
  const { books, message, bank, id, part } = call
  if (message.method === 'POST' && id === undefined) return makeOrder(call, merchant)
  const number = new URL(message.url).searchParams.get('number') ?? ''
  const order = id === undefined ? byNumber(books, merchant, number) : books.orders.get(id)
  if (order?.merchant !== merchant)
    return turn(books, problem(404, 'unknown_payment', 'the bank knows no such payment'))
  if (message.method === 'POST' && part === 'refunds') return makeRefund(call, order)
  if (message.method === 'GET' && part === undefined) {
    return turn(books, json(200, paymentView(order, bank.now, bank.root)))
  }
  return turn(books, problem(405, 'unknown_call', 'the bank knows no such call'))
}

/** Whoever comes with a new name gets an account: a newcomer's first `cma.yaml` needs no bank to be asked. All are signed for alike. */
const accountOf = ({ accounts }: Books, merchant: string, made: NewOrder): Account | undefined => {
  const own = accounts.filter((account) => account.merchant === merchant)
  const [any] = accounts
  if (made.merchant !== merchant || !any) return undefined
  return own.length === 0
    ? { agreement: merchant, signedAs: any.signedAs, merchant, iban: made.account }
    : own.find(({ iban }) => iban === made.account)
}

const makeOrder = ({ books, message, bank }: Call, merchant: string): Turn<Books> => {
  const made = bodyOf(message.body, NewOrder)
  const account = made && accountOf(books, merchant, made)
  if (!made) return turn(books, problem(422, 'bad_order', 'the order lacks something or has it in the wrong form'))
  if (!account) return turn(books, problem(422, 'unknown_account', 'the merchant has no such account here'))
  const known = byNumber(books, made.merchant, made.number)
  if (known) {
    const same = known.ordered.amountMinor === made.amount && known.ordered.currency === made.currency
    const again = same && known.reference === made.reference && known.account === made.account
    return turn(
      books,
      again
        ? json(200, paymentView(known, bank.now, bank.root))
        : problem(409, 'number_in_use', 'another order has this number'),
    )
  }
  const order = newOrder(made, account, books.orders.size, bank.nonce, bank.now)
  const right = json(201, paymentView(order, bank.now, bank.root))
  const fault = CALLS_BY_AMOUNT[made.amount % 100]
  return {
    state: !fault || fault.booked ? book(books, order) : books,
    answer: fault ? faulty(fault.goes, right) : right,
    send: [],
  }
}

const NewRefund = z.object({
  number: z.string().min(1).max(35),
  amount: z.int().min(1),
  currency: z.string(),
})

const REFUND_PENDING_MS = MINUTE_MS

/** A refund whose amount ends in 97 waits a minute, in 98 fails after that minute; others are done at once. */
const makeRefund = async ({ books, message, bank }: Call, order: BookedOrder): Promise<Turn<Books>> => {
  const wanted = bodyOf(message.body, NewRefund)
  const { currency } = order.ordered
  if (!wanted || wanted.currency !== currency)
    return turn(books, problem(422, 'bad_refund', 'the refund is not in order'))
  const known = order.refunds.find((refund) => refund.number === wanted.number)
  if (known) {
    return turn(
      books,
      known.amountMinor === wanted.amount
        ? json(200, refundView(known, currency, bank.now))
        : problem(409, 'number_in_use', 'another refund has this number'),
    )
  }
  if (statusAt(order, bank.now).status !== 'paid')
    return turn(books, problem(422, 'not_paid', 'the payment is not paid'))
  if (refundedMinor(order) + wanted.amount > order.taken.amountMinor) {
    return turn(books, problem(422, 'too_much', 'more than was paid'))
  }
  const ending = wanted.amount % 100
  const waits = ending === 97 || ending === 98
  const refund = {
    id: `${order.bankReference}-R${order.refunds.length + 1}`,
    number: wanted.number,
    amountMinor: wanted.amount,
    askedAt: bank.now,
    ends: ending === 98 ? ('failed' as const) : ('done' as const),
    endsAt: waits ? bank.now + REFUND_PENDING_MS : bank.now,
  }
  const refunded = { ...order, refunds: [...order.refunds, refund] }
  return {
    state: book(books, refunded),
    answer: json(201, refundView(refund, currency, bank.now)),
    send: [sent(refunded, await notice(refunded, refund.endsAt, bank), refund.endsAt - bank.now, true)],
  }
}
