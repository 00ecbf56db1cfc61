import { sentence, turn, WINDOW_CLOSED } from '../bank-sentences.ts'
import type { Bank, SentMessage, Simulator, SimulatorAnswer, Turn } from '../simulator.ts'
import { type BookedOrder, type Books, book, openBooks, simulatedOrders, statusAt } from './books.ts'
import { called, switchCalls } from './calls.ts'
import { DECIDED_BY_AMOUNT, DECISIONS, type Decision } from './choices.ts'
import { forge, notice, sent } from './notices.ts'

/** The bogus bank. What it promises and how it misbehaves is in README.md beside this file. */
export const sandboxSimulator: Simulator<Books> = {
  channel: 'sandbox',
  choices: DECISIONS.map(({ id, group, name, tells }) => ({ id, name, tells, ...(group ? { group } : {}) })),
  start: openBooks,
  request: async (books, message, bank) => {
    const [, place = '', id, part] = message.path.split('/')
    if (message.method === 'PUT' && place === 'switch') return switchCalls(books, message.body)
    if (place === 'payments') return called({ books, message, id, part, bank })
    const order = books.orders.get(id ?? '')
    if (message.method !== 'GET' || !order) return turn(books, sentence(404, NO_SUCH_ORDER))
    // Real banks send the payer on among their hosts; so does this one.
    if (place === 'pay') return turn(books, sentOn(`${bank.root}/checkout/${order.id}`))
    return place === 'checkout' ? visited(books, order, bank) : turn(books, sentence(404, NO_SUCH_ORDER))
  },
  choose: async (books, id, choice, bank) => {
    const order = books.orders.get(id)
    const decision = DECISIONS.find((one) => one.id === choice)
    if (!order || !decision) return turn(books, sentence(404, NO_SUCH_ORDER))
    return statusAt(order, bank.now).status === 'created' && order.fate.length === 0
      ? decide(books, order, decision, bank)
      : turn(books, alreadyDecided(order, bank))
  },
  orders: simulatedOrders,
}

const sentOn = (url: string): SimulatorAnswer => ({ kind: 'carry', method: 'GET', url, fields: [], charset: 'UTF-8' })

const NO_SUCH_ORDER = { lv: 'Šāda pasūtījuma bankā nav.', en: 'The bank has no such order.' }
const EXPIRED = {
  lv: 'Pasūtījuma termiņš ir beidzies; nauda nav ņemta.',
  en: 'The order has expired; no money was taken.',
}

// ------------------------------------------------------------------------------------------------------------------- the payer

const visited = async (books: Books, order: BookedOrder, bank: Bank): Promise<Turn<Books>> => {
  const { status } = statusAt(order, bank.now)
  if (status !== 'created' || order.fate.length > 0) return turn(books, alreadyDecided(order, bank))
  const decided = DECIDED_BY_AMOUNT[order.ordered.amountMinor % 100]
  const decision = DECISIONS.find((one) => one.id === decided)
  return decision ? decide(books, order, decision, bank) : turn(books, { kind: 'page', order: order.id })
}

const alreadyDecided = (order: BookedOrder, bank: Bank): SimulatorAnswer => {
  const { status } = statusAt(order, bank.now)
  if (status === 'expired') return sentence(410, EXPIRED)
  return status === 'created' ? sentence(200, WINDOW_CLOSED) : backToMerchant(order, status)
}

/** An unsigned hint in the address: a merchant who believes it deserves what he gets. */
const backToMerchant = (order: BookedOrder, claim: string): SimulatorAnswer => {
  const back = new URL(order.backUrl)
  back.searchParams.set('payment', order.id)
  back.searchParams.set('status', claim)
  return sentOn(back.href)
}

const decide = async (before: Books, asked: BookedOrder, decision: Decision, bank: Bank): Promise<Turn<Books>> => {
  const { now } = bank
  const order: BookedOrder = {
    ...asked,
    ...decision.takes?.(asked),
    fate: decision.fate.map(({ afterMs, status }) => ({ at: now + afterMs, status })),
    refunds: decision.refundAfterMs === undefined ? [] : [wholeRefund(asked, now + decision.refundAfterMs)],
    reversals:
      decision.reversalAfterMs === undefined
        ? []
        : [
            {
              id: `${asked.bankReference}-V`,
              amountMinor: asked.ordered.amountMinor,
              at: now + decision.reversalAfterMs,
            },
          ],
  }
  let books = book(before, order)
  const send: SentMessage[] = []
  for (const { afterMs, tellsOfMs = afterMs, forgery } of decision.notices) {
    const message = forgery ? await forge(before, order, forgery, bank) : await notice(order, now + tellsOfMs, bank)
    if (!message) continue
    send.push(sent(order, message, afterMs, forgery === undefined))
    const tellsPaid = !forgery && statusAt(order, now + tellsOfMs).status === 'paid'
    if (tellsPaid && !books.firstNotice) books = { ...books, firstNotice: { order: order.id, ...message } }
  }
  const answer = decision.back ? backToMerchant(order, decision.back) : sentence(200, WINDOW_CLOSED)
  return { state: books, answer, send }
}

const wholeRefund = (order: BookedOrder, at: number): BookedOrder['refunds'][number] => ({
  id: `${order.bankReference}-R`,
  amountMinor: order.ordered.amountMinor,
  askedAt: at,
  ends: 'done',
  endsAt: at,
})
