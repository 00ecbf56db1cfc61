import type { SimulatedOrder } from '../../src/channels/simulator.ts'
import type { FeedEvent, PaymentSeen } from './feed.ts'
import type { Ledger } from './ledger.ts'
import type { HeardEvent } from './receiver.ts'
import { judgeRefundCalls } from './refund-calls.ts'
import {
  isInDoubt,
  isPaidAsOrdered,
  judgeRefunds,
  type Orders,
  orderOf,
  ordersByNumber,
  type Sums,
  sumsAtBanks,
  sumsInHub,
} from './verdict-money.ts'

/** What the hub says, against what the world outside it knows. Pure. */

export type Evidence = {
  readonly ledger: Pick<
    Ledger,
    'created' | 'told' | 'wrong' | 'cancelled' | 'refunds' | 'refundCalls' | 'turnedAway' | 'forged'
  >
  readonly payments: readonly PaymentSeen[]
  /** What is open for a person. */
  readonly tasks: readonly { readonly kind: string; readonly subject: string }[]
  readonly orders: readonly (SimulatedOrder & { readonly channel: string })[]
  readonly heard: ReadonlyMap<string, HeardEvent>
  readonly feed: readonly FeedEvent[]
  /** The same feed as somebody saw it who read on and on meanwhile. */
  readonly followed: readonly FeedEvent[]
}

export type Verdict = {
  readonly breaches: readonly string[]
  readonly paymentsLost: number
  /** Of these: acknowledged, and not known any more. */
  readonly paymentsGone: number
  readonly noticesLost: number
  readonly executed: number
  readonly inHub: Sums
  /** Paid at a bank whose only messages died with the hub's connection, and which cannot be asked: its statement will tell. */
  readonly untold: number
  /** Paid at a bank that cannot be asked, told or not. */
  readonly unaskable: number
  /** Paid at two banks, as the hub could know. */
  readonly paidTwice: number
  readonly paidTwiceUnseen: number
  /** Refunds that may not be repeated, of which the bank made nothing and the hub cannot say more: after a day a person's. */
  readonly refundsInDoubt: number
}

export const judge = (evidence: Evidence): Verdict => {
  const { payments, ledger, heard, feed } = evidence
  const seen = new Set(payments.map(({ view }) => view.id))
  const missing = [...ledger.created.keys()]
    .filter((id) => !seen.has(id))
    .map((id) => `${id} was acknowledged and is gone`)
  const references = repeatedIn(payments.map(({ view }) => view.reference)).map((one) => `${one} was ordered twice`)
  const unheard = feed
    .filter(({ id }) => !heard.has(id))
    .map(({ id, payment }) => `${id} of ${payment} was never heard`)
  const orders = ordersByNumber(evidence.orders)
  const views = payments.map(({ view }) => view)
  const atBanks = sumsAtBanks(views, orders, (attempt) => attempt.status === 'executed' || isKnowable(attempt, ledger))
  const inHub = sumsInHub(views)
  const judged = payments.map((payment) => judgePayment(payment, orders, ledger))
  return {
    breaches: [
      ...missing,
      ...references,
      ...judged.flatMap(({ breaches }) => breaches),
      ...unknownOrders(evidence),
      ...unheard,
      ...judgeFeed(evidence),
      ...judgeLastNotices(evidence),
      ...judgeTasks(evidence),
      ...judgeBooks(atBanks, inHub),
      ...judgeRefundCalls(ledger.refundCalls),
      ...judgeTurnedAway(ledger),
    ],
    inHub,
    paymentsLost: missing.length + judged.filter(({ lost }) => lost).length,
    paymentsGone: missing.length,
    noticesLost: unheard.length,
    executed: payments.filter(({ view }) => view.status === 'executed').length,
    untold: judged.reduce((sum, { untold }) => sum + untold, 0),
    unaskable: judged.reduce((sum, { unaskable }) => sum + unaskable, 0),
    paidTwice: judged.filter(({ times }) => times > 1).length,
    paidTwiceUnseen: judged.filter(({ isUnseen }) => isUnseen).length,
    refundsInDoubt: views.flatMap(({ refunds }) => refunds.filter(isInDoubt)).length,
  }
}

type Attempt = PaymentSeen['view']['attempts'][number]

const canBeAsked = ({ offer }: Attempt): boolean => offer === 'sandbox'

/** The bogus bank can be asked; of the other the hub knows only what its messages say. */
const isKnowable = (attempt: Attempt, { told }: Evidence['ledger']): boolean =>
  canBeAsked(attempt) || told.has(attempt.id)

/** Payers find a page and a way to pay, and banks are heard; only what nobody signed is refused. */
export const judgeTurnedAway = ({ turnedAway, forged }: Pick<Ledger, 'turnedAway' | 'forged'>): readonly string[] =>
  turnedAway.filter(({ attempt }) => attempt === undefined || !forged.has(attempt)).map(({ what }) => what)

const judgeBooks = (atBanks: Sums, inHub: Sums): readonly string[] =>
  atBanks.paidMinor === inHub.paidMinor && atBanks.refundedMinor === inHub.refundedMinor
    ? []
    : [`the banks' books say ${JSON.stringify(atBanks)}, the hub says ${JSON.stringify(inHub)}`]

const repeatedIn = (texts: readonly string[]): readonly string[] => {
  const once = new Set<string>()
  return texts.filter((text) => once.size === once.add(text).size)
}

/** An attempt is written before the bank hears of it, and its number is never used again. */
const unknownOrders = ({ orders, payments }: Evidence): readonly string[] => {
  const known = payments.flatMap(({ view }) => view.attempts.map(({ offer, number }) => `${offer} ${number}`))
  const names = new Set(known)
  return [
    ...repeatedIn(known).map((name) => `${name} is the number of two attempts`),
    ...orders
      .filter(({ channel, number }) => !names.has(`${channel} ${number}`))
      .map(({ channel, number }) => `${channel} holds order ${number}, of which the hub knows nothing`),
  ]
}

type Judged = {
  readonly breaches: readonly string[]
  readonly lost: boolean
  readonly untold: number
  readonly unaskable: number
  /** How often it was paid, as the hub could know. */
  readonly times: number
  /** More than once, and nobody is told. */
  readonly isUnseen: boolean
}

const judgePayment = ({ view }: PaymentSeen, orders: Orders, ledger: Evidence['ledger']): Judged => {
  const breaches: string[] = []
  let lost = false
  let untold = 0
  let unaskable = 0
  let times = 0
  const made = ledger.created.get(view.id)
  if (made && (made.reference !== view.reference || made.amountMinor !== view.amount)) {
    breaches.push(`${view.id} is another order than was acknowledged`)
  }
  for (const attempt of view.attempts) {
    const order = orderOf(attempt, orders)
    const isPaid = isPaidAsOrdered(view, order)
    const canKnow = isKnowable(attempt, ledger)
    const isExecuted = attempt.status === 'executed'
    if (isExecuted && !isPaid) breaches.push(`${view.id}: ${attempt.id} is executed without money`)
    if (isPaid && !canBeAsked(attempt)) unaskable++
    if (isPaid && (canKnow || isExecuted)) times++
    if (isPaid && !isExecuted && !canKnow) untold++
    if (isPaid && !isExecuted && canKnow) {
      lost = true
      breaches.push(`${view.id}: ${attempt.id} was paid at ${attempt.offer} and is ${attempt.status}`)
    }
    if (ledger.wrong.has(attempt.id) && canKnow && !view.attention.includes('amount_mismatch')) {
      breaches.push(`${view.id}: ${attempt.id} took another amount, and nobody is told`)
    }
  }
  const isUnseen = times > 1 && !view.attention.includes('paid_twice')
  if (isUnseen) breaches.push(`${view.id} was paid ${times} times, unseen`)
  breaches.push(...judgeSums(view, ledger), ...judgeRefunds(view, orders, ledger))
  return { breaches, lost, untold, unaskable, times, isUnseen }
}

const judgeSums = (view: PaymentSeen['view'], ledger: Evidence['ledger']): readonly string[] => {
  const times = view.attempts.filter(({ status }) => status === 'executed').length
  const isClosed = view.status === 'cancelled' || view.closing === 'cancelled' || view.status === 'executed'
  return [
    ...((view.status === 'executed') === times > 0
      ? []
      : [`${view.id} is ${view.status} with ${times} executed attempts`]),
    ...(view.paidAmount === times * view.amount ? [] : [`${view.id}: ${view.paidAmount} paid in ${times} attempts`]),
    ...(isClosed || !ledger.cancelled.has(view.id) ? [] : [`${view.id} was cancelled and is ${view.status}`]),
  ]
}

/** Every event once, each payment's from 1 on without a gap, the same for who read it at once and who read on and on. */
const judgeFeed = ({ feed, followed, heard }: Evidence): readonly string[] => {
  const newest = new Map<string, number>()
  const gaps = feed.flatMap(({ payment, sequence }) => {
    const before = newest.get(payment) ?? 0
    newest.set(payment, sequence)
    return sequence === before + 1 ? [] : [`the feed has event ${sequence} of ${payment} after ${before}`]
  })
  const ids = new Set(feed.map(({ id }) => id))
  const strangers = [...heard.keys()].filter((id) => !ids.has(id)).map((id) => `${id} was heard and is not in the feed`)
  const place = feed.findIndex(({ id }, at) => followed[at]?.id !== id)
  const same = place === -1 && feed.length === followed.length
  return [...gaps, ...strangers, ...(same ? [] : [`who read on saw another feed, from place ${place} on`])]
}

/** Whatever became of a payment has its event, and the newest notice says what a GET says, to the letter. */
const judgeLastNotices = ({ payments, heard, feed }: Evidence): readonly string[] => {
  const last = new Map(feed.map(({ id, payment }) => [payment, id]))
  return payments.flatMap(({ view, text }) => {
    const id = last.get(view.id)
    if (id === undefined) return isAsOrdered(view) ? [] : [`${view.id} is ${view.status}, and no event tells of it`]
    const told = heard.get(id)
    // What was never heard is told above.
    if (!told || JSON.stringify(told.view) === text) return []
    return [`${view.id}: the newest notice says ${JSON.stringify(told.view)}, GET says ${text}`]
  })
}

/** The order was answered; nothing has happened that an e-service would have to hear of. */
const isAsOrdered = ({ status, closing, attempts, attention }: PaymentSeen['view']): boolean =>
  status === 'open' && closing === null && attempts.length === 0 && attention.length === 0

/** Every flag has its task, and no task outlives its flag. */
const judgeTasks = ({ payments, tasks }: Evidence): readonly string[] =>
  payments.flatMap(({ view }) => {
    const open = tasks.filter(({ subject }) => subject === view.id).map(({ kind }) => kind)
    const flags = [...view.attention]
    if (open.sort().join() === flags.sort().join()) return []
    return [`${view.id}: a person has the tasks [${open}], and the flags are [${flags}]`]
  })
