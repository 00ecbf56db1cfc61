import { MINUTE_MS } from '../../kernel/time.ts'
import {
  decidedSentence,
  languageOf,
  NO_SUCH_ORDER,
  NOTHING_OLDER,
  refusal,
  sentence,
  turn,
  WINDOW_CLOSED,
} from '../bank-sentences.ts'
import type { Bank, SentMessage, SimulatedOrder, Simulator, SimulatorAnswer, Turn } from '../simulator.ts'
import { type BookedOrder, type Contract, contractsOf, takeOrder, worded } from './bank-messages.ts'
import { DECISIONS, type Decision, type Notice } from './choices.ts'

/** The simulated bank's books. */
export type Books = {
  readonly contracts: readonly Contract[]
  readonly orders: ReadonlyMap<string, BookedOrder>
  /** The first order that was truly paid, for those who try to use its messages again. */
  readonly firstPaid: string | undefined
}

/** SEB Latvia from its own side. It shares with the channel only how a signed text is built. */
export const sebLvSimulator: Simulator<Books> = {
  channel: 'seb-lv',
  choices: DECISIONS.map(({ id, group, name, tells }) => ({ id, group, name, tells })),
  start: (setup) => ({ contracts: contractsOf(setup), orders: new Map(), firstPaid: undefined }),
  request: async (books, message, bank) => {
    const [, place = '', id = ''] = message.path.split('/')
    if (message.method === 'POST' && place === '') {
      const taken = await takeOrder(books.contracts, message, bank)
      return typeof taken === 'string' ? turn(books, refusal(taken)) : opened(books, taken, bank)
    }
    const order = message.method === 'GET' && place === 'order' ? books.orders.get(decodeURIComponent(id)) : undefined
    return turn(books, order ? pageOf(order) : sentence(404, NO_SUCH_ORDER))
  },
  choose: async (books, id, choice, bank) => {
    const order = books.orders.get(id)
    const decision = DECISIONS.find((one) => one.id === choice)
    if (!order || !decision) return turn(books, sentence(404, NO_SUCH_ORDER))
    return order.status === 'open' ? decide(books, order, decision, bank) : turn(books, pageOf(order))
  },
  orders: (books) => [...books.orders.values()].map(simulatedOrder),
}

const OTHER_AMOUNT = 'this IB_PAYMENT_ID was used for another order'

const pageOf = ({ id, status, fields }: BookedOrder): SimulatorAnswer =>
  status === 'open' ? { kind: 'page', order: id } : decidedSentence(status, fields.IB_LANG)

/** The same IB_PAYMENT_ID is the same order: shown again until it is paid. */
const opened = (
  books: Books,
  { contract, fields, ordered }: Pick<BookedOrder, 'contract' | 'fields' | 'ordered'>,
  bank: Bank,
): Turn<Books> => {
  const id = `${contract.agreement}-${fields.IB_PAYMENT_ID}`
  const known = books.orders.get(id)
  if (known?.status === 'paid') return turn(books, pageOf(known))
  if (known && known.fields.IB_AMOUNT !== fields.IB_AMOUNT) return turn(books, refusal(OTHER_AMOUNT))
  const order: BookedOrder = { id, contract, fields, ordered, madeAt: known?.madeAt ?? bank.now, status: 'open' }
  const url = `${bank.root}/order/${encodeURIComponent(id)}`
  return turn(booked(books, order), { kind: 'carry', method: 'GET', url, fields: [], charset: 'UTF-8' })
}

const booked = (books: Books, order: BookedOrder): Books => ({
  ...books,
  orders: new Map(books.orders).set(order.id, order),
})

const decide = async (before: Books, open: BookedOrder, decision: Decision, bank: Bank): Promise<Turn<Books>> => {
  const { flaw, takes, back } = decision
  const order = settled(open, decision, bank)
  const about = flaw === 'an older message' ? before.orders.get(before.firstPaid ?? '') : order
  if (!about || (flaw === 'an older message' && about.id === order.id))
    return turn(before, sentence(409, NOTHING_OLDER))
  const url = order.fields.IB_FEEDBACK ?? ''
  const written = async ({ word, afterMs, onceTaken }: Notice): Promise<SentMessage> => ({
    ...posted(url, await worded(about, word, 'Y', flaw, bank)),
    afterMs,
    ...(onceTaken && { repeat: UNTIL_TAKEN, onceTaken: await Promise.all(onceTaken.map(written)) }),
  })
  const send = await Promise.all(decision.notices.map(written))
  const books = {
    ...booked(before, order),
    firstPaid: before.firstPaid ?? (takes === 'as ordered' ? order.id : undefined),
  }
  if (!back) return turn(books, sentence(200, WINDOW_CLOSED), send)
  return turn(books, carried(back.method, url, await worded(about, back.word, 'N', flaw, bank)), send)
}

/** An order as the decision leaves it in the books. Only a decision that takes money makes it paid, whatever the messages claim. */
const settled = (order: BookedOrder, { id, takes }: Decision, { now: decidedAt }: Bank): BookedOrder => {
  const { ordered } = order
  if (takes === 'one cent less')
    return { ...order, decidedAt, status: 'paid', taken: { ...ordered, amountMinor: ordered.amountMinor - 1 } }
  if (takes === 'another currency')
    return { ...order, decidedAt, status: 'paid', taken: { ...ordered, currency: 'USD' } }
  if (takes === 'as ordered') return { ...order, decidedAt, status: 'paid' }
  return id.startsWith('cancel') ? { ...order, decidedAt, status: 'cancelled' } : order
}

/** 0003 from the server is sent again each minute, up to 100 times, until HTTP 200; 0004 comes only then (e-Link document, 2023). */
const UNTIL_TAKEN = { everyMs: MINUTE_MS, times: 100 }

const posted = (url: string, fields: readonly (readonly [string, string])[]) =>
  ({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(queryOf(fields)),
  }) as const

const queryOf = (fields: readonly (readonly [string, string])[]): string => {
  const query = new URLSearchParams()
  for (const [name, value] of fields) query.append(name, value)
  return query.toString()
}

const carried = (
  method: 'GET' | 'POST',
  url: string,
  fields: readonly (readonly [string, string])[],
): SimulatorAnswer =>
  method === 'GET'
    ? { kind: 'carry', method, url: `${url}?${queryOf(fields)}`, fields: [], charset: 'UTF-8' }
    : { kind: 'carry', method, url, fields, charset: 'UTF-8' }

const simulatedOrder = ({ id, contract, fields, ordered, taken, status, madeAt }: BookedOrder): SimulatedOrder => ({
  id,
  agreement: contract.agreement,
  number: fields.IB_PAYMENT_ID ?? '',
  amount: taken ?? ordered,
  text: fields.IB_PAYMENT_DESC ?? '',
  ...languageOf(fields.IB_LANG),
  paid: status === 'paid',
  refundedMinor: 0,
  madeAt,
})
