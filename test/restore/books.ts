import { z } from 'zod'
import type { World } from '../../src/sandbox/index.ts'
import type { PaymentSeen } from '../torture/feed.ts'
import type { HeardEvent } from '../torture/receiver.ts'
import { judgeRefunds } from './refunds.ts'

/** The banks' books against the restored hub's, to the cent. Pure. */

/** What `ebizness restored --json` says. */
export const Told = z.object({
  numbers: z.object({ from: z.int(), to: z.int() }),
  asked: z.int(),
  unaskable: z.array(z.object({ payment: z.string(), agreement: z.string(), number: z.string() })),
  refunds: z.array(z.object({ refund: z.string(), by: z.string() })),
})

export type Evidence = {
  readonly orders: ReturnType<World['orders']>
  readonly payments: readonly PaymentSeen[]
  readonly told: z.infer<typeof Told>
  /** Acknowledged before the moment. */
  readonly kept: readonly string[]
  /** Refunds that were: the amount by the id. */
  readonly keptRefunds: ReadonlyMap<string, number>
  /** Payments that were executed at the moment. */
  readonly executedThen: ReadonlySet<string>
  readonly heard: ReadonlyMap<string, HeardEvent>
  /** Numbers of attempts whose bank answered their beginning only after the moment. */
  readonly unanswered: ReadonlySet<string>
  /** Every refund that was acknowledged, once however often it was asked for. */
  readonly askedBack: readonly { readonly payment: string; readonly amountMinor: number }[]
  /** What is open for a person. */
  readonly tasks: readonly { readonly kind: string; readonly subject: string; readonly part: string }[]
  /** Agreement and number of the orders that parked messages tell of: their jobs give them to a person. */
  readonly parked: ReadonlySet<string>
  /** Channel and id of the orders of which the restored hub took a message. */
  readonly toldSince: ReadonlySet<string>
}

type Order = Evidence['orders'][number]

export type Books = {
  readonly paidAtBanksMinor: number
  /** By the restored hub itself. */
  readonly foundMinor: number
  /** Of it, what the moment did not know of yet: paid after it, of payments that were ordered before. */
  readonly foundAgainMinor: number
  /** Paid at a bank link that cannot be asked: each is on the clerk's list. */
  readonly forClerkMinor: number
  /** The bank says paid, and what it promised in the answer that is forgotten cannot be compared: a person's when the attempt's plan ends. */
  readonly doubtedMinor: number
  /** Of orders that were given to a bank after the moment, and are gone: those of which a parked message tells. */
  readonly parkedMinor: number
  /** And those of which the bank had told the lost hub, and tells nobody again. */
  readonly onlyAtBankMinor: number
  /** Each of both kinds. */
  readonly gone: readonly Gone[]
  readonly refundedMinor: number
  readonly breaches: readonly string[]
}
export type Gone = { readonly order: Order; readonly isParked: boolean }

/** Of events that the restored hub told: it leaves out a thousand. */
const LEFT_OUT = 1_000

/** The sentence that is right here and nowhere else: after what was heard before the restore comes a number beyond those left out. */
export const isLeftOut = (breach: string): boolean => {
  const [, sequence, before] = /: event (\d+) was first acknowledged after (\d+)$/.exec(breach) ?? []
  return Number(sequence) > LEFT_OUT && Number(before) <= LEFT_OUT
}

export const compareBooks = (evidence: Evidence): Books => {
  const known = attemptsOf(evidence)
  const paid = evidence.orders
    .filter((order) => order.paid)
    .map((order) => ({ order, fate: fateOf(order, known.get(nameOf(order)), evidence) }))
  const sumOf = (...fates: readonly Fate[]): number =>
    paid.filter(({ fate }) => fates.includes(fate)).reduce((sum, { order }) => sum + order.amount.amountMinor, 0)
  const unseen = paid.flatMap(({ order, fate }) => {
    const { view, attempt } = known.get(nameOf(order)) ?? {}
    if (fate !== 'unseen') return []
    return view && attempt
      ? [`${view.id}: ${nameOf(order)} was paid, is ${attempt.status}, and nobody is told`]
      : [`${nameOf(order)} was paid and the restored hub was told of it, and has no parked message`]
  })
  return {
    paidAtBanksMinor: paid.reduce((sum, { order }) => sum + order.amount.amountMinor, 0),
    foundMinor: sumOf('found', 'found again'),
    foundAgainMinor: sumOf('found again'),
    forClerkMinor: sumOf('for the clerk'),
    doubtedMinor: sumOf('doubted'),
    parkedMinor: sumOf('parked'),
    onlyAtBankMinor: sumOf('only at the bank'),
    gone: paid
      .filter(({ fate }) => fate === 'parked' || fate === 'only at the bank')
      .map(({ order, fate }) => ({ order, isParked: fate === 'parked' })),
    refundedMinor: evidence.orders.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0),
    breaches: [
      ...unseen,
      ...judgePaid(evidence),
      ...judgeRefunds(evidence),
      ...missing(evidence),
      ...usedTwice(evidence),
      ...misheard(evidence),
    ],
  }
}

type Known = Pick<PaymentSeen, 'view'> & { readonly attempt: PaymentSeen['view']['attempts'][number] }
type Fate = 'found' | 'found again' | 'for the clerk' | 'doubted' | 'parked' | 'only at the bank' | 'unseen'

const nameOf = ({ channel, number }: Order): string => `${channel} ${number}`

const attemptsOf = ({ payments }: Evidence): ReadonlyMap<string, Known> =>
  new Map(
    payments.flatMap(({ view }) =>
      view.attempts.map((attempt) => [`${attempt.offer} ${attempt.number}`, { attempt, view }] as const),
    ),
  )

const fateOf = (order: Order, known: Known | undefined, evidence: Evidence): Fate => {
  const { id, channel, agreement, number, amount } = order
  const { told, unanswered, parked, toldSince, kept, executedThen } = evidence
  if (!known) {
    if (parked.has(`${agreement} ${number}`)) return 'parked'
    return toldSince.has(`${channel} ${id}`) ? 'unseen' : 'only at the bank'
  }
  const { attempt, view } = known
  const isMismatch = amount.amountMinor !== view.amount && view.attention.includes('amount_mismatch')
  if (attempt.status === 'executed')
    return kept.includes(view.id) && !executedThen.has(view.id) ? 'found again' : 'found'
  if (told.unaskable.some((one) => one.number === number)) return 'for the clerk'
  if (attempt.status === 'accepted' && unanswered.has(number)) return 'doubted'
  return isMismatch ? 'found' : 'unseen'
}

const judgePaid = ({ payments, orders }: Evidence): readonly string[] => {
  const paid = new Set(orders.filter((order) => order.paid).map(nameOf))
  return payments.flatMap(({ view }) => {
    const executed = view.attempts.filter(({ status }) => status === 'executed')
    const minor = executed.length * view.amount
    return [
      ...executed
        .filter(({ offer, number }) => !paid.has(`${offer} ${number}`))
        .map(({ id }) => `${view.id}: ${id} is executed without money`),
      ...(minor === view.paidAmount ? [] : [`${view.id}: ${view.paidAmount} paid, its attempts say ${minor}`]),
    ]
  })
}

const missing = ({ kept, payments }: Evidence): readonly string[] => {
  const seen = new Set(payments.map(({ view }) => view.id))
  return kept.filter((id) => !seen.has(id)).map((id) => `${id} was acknowledged before the moment and is gone`)
}

/** No bank saw a number on two orders, and no number of the time that is gone was given since. */
const usedTwice = ({ orders, payments, told }: Evidence): readonly string[] => {
  const names = orders.map(({ channel, number }) => `${channel} ${number}`)
  const known = payments.flatMap(({ view }) => view.attempts.map(({ number }) => Number(number)))
  return [
    ...names.filter((name, place) => names.indexOf(name) !== place).map((name) => `${name} is on two orders`),
    ...known
      .filter((number) => number >= told.numbers.from && number < told.numbers.to)
      .map((number) => `number ${number} was given, and may have been given before`),
  ]
}

/** No two events of a payment have one number, and what the restored hub told last is what it says. */
const misheard = ({ heard, payments }: Evidence): readonly string[] => {
  const newest = new Map<string, HeardEvent>()
  const numbers = new Set<string>()
  const twice: string[] = []
  for (const event of heard.values()) {
    const name = `event ${event.sequence} of ${event.payment}`
    if (numbers.has(name)) twice.push(`${name} was told twice, as two events`)
    numbers.add(name)
    if (event.sequence > (newest.get(event.payment)?.sequence ?? 0)) newest.set(event.payment, event)
  }
  const wrong = payments.filter(({ view, text }) => {
    const last = newest.get(view.id)
    return last !== undefined && last.sequence > LEFT_OUT && JSON.stringify(last.view) !== text
  })
  return [...twice, ...wrong.map(({ view }) => `${view.id}: the newest notice is not what a GET says`)]
}
