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
import type { Bank, SentMessage, Setup, SimulatedOrder, Simulator, SimulatorAnswer, Turn } from '../simulator.ts'
import { answer, type BookedOrder, queryOf, type WrittenAnswer } from './bank-answers.ts'
import { type BankRules, type Contract, contractsOf, type TakenOrder, takeOrder } from './bank-orders.ts'
import { ACCEPTED_FIRST, CANCEL_TOLD, DECISIONS, type Decision } from './choices.ts'

/** A simulated bank's books. */
export type Books = {
  readonly contracts: readonly Contract[]
  readonly orders: ReadonlyMap<string, BookedOrder>
  readonly paymentsMade: number
  /** The first true answer that left the bank, for those who try to use it again. */
  readonly firstAnswer:
    | { readonly order: string; readonly auto: Readonly<Record<'Y' | 'N', WrittenAnswer>> }
    | undefined
}

/**
 * An IPizza bank from the bank's side. Its rules are those of the bank's document, read on their own: it shares with the channel
 * only how a signed text is built. It takes an order again and again until it is paid, and sets no time for paying.
 */
export const ipizzaSimulator = (rules: BankRules): Simulator<Books> => ({
  channel: rules.channel,
  choices: decisionsOf(rules).map(({ id, group = 'usual', name, tells }) => ({ id, group, name, tells })),
  start: (setup: Setup) => ({
    contracts: contractsOf(rules, setup),
    orders: new Map(),
    paymentsMade: 0,
    firstAnswer: undefined,
  }),
  request: async (books, message, bank) => {
    const [, place = '', id = ''] = message.path.split('/')
    if (message.method === 'POST' && place === '') {
      const taken = await takeOrder(rules, books.contracts, message, bank)
      return typeof taken === 'string' ? turn(books, refusal(taken)) : opened(books, taken, bank)
    }
    const order = message.method === 'GET' && place === 'order' ? books.orders.get(decodeURIComponent(id)) : undefined
    return turn(books, order ? pageOf(order) : sentence(404, NO_SUCH_ORDER))
  },
  choose: async (books, id, choice, bank) => {
    const order = books.orders.get(id)
    const decision = decisionsOf(rules).find((one) => one.id === choice)
    if (!order || !decision) return turn(books, sentence(404, NO_SUCH_ORDER))
    return order.status === 'open' ? decide(rules, books, order, decision, bank) : turn(books, pageOf(order))
  },
  orders: (books) => [...books.orders.values()].map(simulatedOrder),
})

/** What can be decided at this bank. */
const decisionsOf = ({ tellsOfRefusals, accepts }: BankRules): readonly Decision[] => [
  ...DECISIONS.map((one) => (tellsOfRefusals && one.id === CANCEL_TOLD.id ? CANCEL_TOLD : one)),
  ...(accepts ? [ACCEPTED_FIRST] : []),
]

const OTHER_AMOUNT = 'this VK_STAMP was used for another order'

const pageOf = ({ id, status, fields }: BookedOrder): SimulatorAnswer =>
  status === 'open' ? { kind: 'page', order: id } : decidedSentence(status, fields.VK_LANG)

/** The same VK_STAMP is the same order: shown again until it is paid. The browser is sent on, so that it can be looked at anew. */
const opened = (books: Books, { contract, fields, amount }: TakenOrder, bank: Bank): Turn<Books> => {
  const id = `${contract.agreement}-${fields.VK_STAMP}`
  const known = books.orders.get(id)
  if (known?.status === 'paid') return turn(books, pageOf(known))
  if (known && known.fields.VK_AMOUNT !== fields.VK_AMOUNT) return turn(books, refusal(OTHER_AMOUNT))
  const order: BookedOrder = {
    id,
    contract,
    fields,
    ordered: amount,
    madeAt: known?.madeAt ?? bank.now,
    status: 'open',
  }
  const url = `${bank.root}/order/${encodeURIComponent(id)}`
  return turn(booked(books, order), { kind: 'carry', method: 'GET', url, fields: [], charset: 'UTF-8' })
}

const booked = (books: Books, order: BookedOrder): Books => ({
  ...books,
  orders: new Map(books.orders).set(order.id, order),
})

const decide = async (
  rules: BankRules,
  before: Books,
  open: BookedOrder,
  decision: Decision,
  bank: Bank,
): Promise<Turn<Books>> => {
  const order = settled(before, open, decision)
  const says = decision.takes || decision.flaw ? 'paid' : 'not paid'
  const means = { rules, flaw: decision.flaw, bank }
  const write = (auto: 'Y' | 'N') => answer(order, says, auto, means)
  const older = before.firstAnswer?.order === order.id ? undefined : before.firstAnswer?.auto
  const auto = decision.flaw === 'an older message' ? older : { Y: await write('Y'), N: await write('N') }
  if (!auto) return turn(before, sentence(409, NOTHING_OLDER))
  const books = {
    ...booked(before, order),
    paymentsMade: before.paymentsMade + (decision.takes ? 1 : 0),
    firstAnswer: before.firstAnswer ?? (decision.takes === 'as ordered' ? { order: order.id, auto } : undefined),
  }
  const send = decision.notices.map(({ afterMs }) => noticeOf(order, auto.Y, afterMs))
  const first = decision.acceptedFirst && {
    Y: await answer(order, 'accepted', 'Y', means),
    N: await answer(order, 'accepted', 'N', means),
  }
  if (first) send.unshift(noticeOf(order, first.Y, 0))
  const where = says === 'paid' ? order.fields.VK_RETURN : (order.fields.VK_CANCEL ?? order.fields.VK_RETURN)
  return turn(
    books,
    decision.back ? carried(decision.back, where ?? '', (first ?? auto).N) : sentence(200, WINDOW_CLOSED),
    send,
  )
}

/** An order as the decision leaves it in the books. Only a decision that takes money makes it paid, whatever the messages claim. */
const settled = (books: Books, order: BookedOrder, { id, takes, flaw }: Decision): BookedOrder => {
  // Five digits are all that VK_T_NO has at Swedbank Latvia: the numbers come round.
  const paymentNumber = String((books.paymentsMade % 99_999) + 1)
  const { ordered } = order
  if (takes === 'one cent less')
    return { ...order, status: 'paid', paymentNumber, taken: { ...ordered, amountMinor: ordered.amountMinor - 1 } }
  if (takes === 'another currency')
    return { ...order, status: 'paid', paymentNumber, taken: { ...ordered, currency: 'USD' } }
  if (takes === 'as ordered') return { ...order, status: 'paid', paymentNumber }
  if (flaw) return { ...order, paymentNumber }
  return id === 'cancel' ? { ...order, status: 'cancelled' } : order
}

/** The bank's server tells by GET, at the return address. */
const noticeOf = ({ fields }: BookedOrder, written: WrittenAnswer, afterMs: number): SentMessage => ({
  afterMs,
  method: 'GET',
  url: `${fields.VK_RETURN}?${queryOf(written)}`,
  headers: {},
  body: new Uint8Array(),
})

const carried = (method: 'GET' | 'POST', url: string, written: WrittenAnswer): SimulatorAnswer =>
  method === 'GET'
    ? { kind: 'carry', method, url: `${url}?${queryOf(written)}`, fields: [], charset: written.charset }
    : { kind: 'carry', method, url, fields: written.fields, charset: written.charset }

const simulatedOrder = ({ id, contract, fields, ordered, taken, status, madeAt }: BookedOrder): SimulatedOrder => ({
  id,
  agreement: contract.agreement,
  number: fields.VK_STAMP ?? '',
  amount: taken ?? ordered,
  text: fields.VK_REF || fields.VK_MSG || '',
  ...languageOf(fields.VK_LANG),
  paid: status === 'paid',
  refundedMinor: 0,
  madeAt,
})
