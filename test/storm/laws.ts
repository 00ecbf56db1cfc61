import type { SimulatedOrder } from '../../src/channels/simulator.ts'

/** What must hold of one payment after everybody did everything at once, told from the rule book and the bank's book. Pure. */

export type AttemptSeen = {
  readonly id: string
  readonly offer: string
  readonly number: string
  readonly status: string
}
export type RefundSeen = {
  readonly id: string
  readonly attempt: string
  readonly amount: number
  readonly status: string
}
export type View = {
  readonly id: string
  readonly status: string
  readonly closing: string | null
  readonly final: boolean
  readonly amount: number
  readonly paidAmount: number
  readonly refundedAmount: number
  readonly attention: readonly string[]
  readonly attempts: readonly AttemptSeen[]
  readonly refunds: readonly RefundSeen[]
  readonly events: readonly { readonly sequence: number; readonly type: string }[]
}

/** What one event told of the payment. */
export type Told = Pick<View, 'status' | 'closing'> & {
  readonly attempts: readonly Pick<AttemptSeen, 'id' | 'status'>[]
}

export type Evidence = {
  readonly view: View
  /** By its events, in their order. */
  readonly history: readonly Told[]
  /** What each hub answers to a GET, as text. */
  readonly told: readonly string[]
  /** The orders that the banks hold for it. */
  readonly orders: readonly (SimulatedOrder & { readonly channel: string })[]
  /** Attempts that the payer left for another bank. */
  readonly left: readonly string[]
  /** The number of the newest event, as the payment's row has it. */
  readonly sequence: number
  /** Open tasks of the payment. */
  readonly tasks: readonly string[]
  /** Answers to cancels: statuses. */
  readonly cancels: readonly number[]
  /** Refunds that were answered 201, one for each idempotency key. */
  readonly refunds: readonly string[]
  /** Whether only one bank was ever chosen. */
  readonly oneBank: boolean
}

const OPEN = ['started', 'accepted', 'unknown']
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Sentences about what is broken; none when all holds. */
export const breachesOf = (evidence: Evidence): readonly string[] =>
  [
    ...ofEvents(evidence),
    ...ofAttempts(evidence),
    ...ofClosing(evidence),
    ...ofMoney(evidence),
    ...ofRefunds(evidence),
    ...ofCancels(evidence),
  ].map((sentence) => `${evidence.view.id}: ${sentence}`)

const ofEvents = ({ view, told, sequence, tasks }: Evidence): readonly string[] => {
  const numbers = view.events.map((event) => event.sequence)
  const flags = [...view.attention].sort()
  const ours = tasks.filter((kind) => !kind.startsWith('refund')).sort()
  return [
    ...(numbers.every((number, place) => number === place + 1) ? [] : [`its events are numbered ${numbers}`]),
    ...(numbers.length === sequence ? [] : [`its row counts ${sequence} events, and ${numbers.length} are told`]),
    ...(new Set(told).size === 1 ? [] : ['the two hubs tell it differently']),
    ...(flags.join() === ours.join() ? [] : [`its flags are [${flags}], and its tasks [${ours}]`]),
  ]
}

const ofAttempts = ({ view, orders, left, oneBank }: Evidence): readonly string[] => {
  const current = view.attempts.filter(({ id, status }) => OPEN.includes(status) && !left.includes(id))
  const numbers = new Set(view.attempts.map(({ offer, number }) => `${offer} ${number}`))
  const strangers = orders.filter(({ channel, number }) => !numbers.has(`${channel} ${number}`))
  return [
    ...(current.length <= 1 ? [] : [`${current.length} attempts are current`]),
    ...(numbers.size === view.attempts.length ? [] : ['two attempts have one number']),
    ...(oneBank && view.attempts.length > 1
      ? [`one bank chosen several times made ${view.attempts.length} attempts`]
      : []),
    ...strangers.map(({ channel, number }) => `${channel} holds order ${number}, of which the hub knows nothing`),
  ]
}

const CLOSED = ['refused', 'cancelled', 'expired']

/**
 * `closed` is recorded only when no attempt may still be paid, and from the asking for it none begins. No bank of a storm takes money for
 * what it refused, so none comes after it; what comes while it is closing belongs to an attempt that was begun before.
 */
const ofClosing = ({ view, history, cancels }: Evidence): readonly string[] => {
  const all = [...history, view]
  const closed = all.filter(({ status }) => CLOSED.includes(status))
  const open = new Set(closed.flatMap(({ attempts }) => attempts.filter(({ status }) => OPEN.includes(status))))
  const pairs = history.flatMap((before, place) => ({ before, after: all[place + 1] ?? view }))
  const forgotten = pairs.flatMap(({ before, after }) => beyond(before, after))
  const begun = pairs.flatMap(({ before, after }) =>
    before.closing !== null || CLOSED.includes(before.status) ? beyond(after, before) : [],
  )
  const isPaid = view.status === 'executed'
  return [
    ...[...open].map(({ id, status }) => `it was closed while ${id} was ${status}`),
    ...begun.map((id) => `${id} began after it was closed, or closing`),
    ...forgotten.map((id) => `an event knows nothing of ${id}, of which the one before told`),
    ...(isPaid && closed.length > 0 ? [`it was ${closed[0]?.status}, and then paid`] : []),
    ...(isPaid && cancels.includes(200) ? ['a cancel was answered 200, and it was paid'] : []),
    ...(view.attention.includes('paid_late') ? ['it was paid late, for which no bank gave a reason'] : []),
  ]
}

/** The attempts of the one of which the other knows nothing. */
const beyond = (one: Told, other: Told): readonly string[] => {
  const known = other.attempts.map(({ id }) => id)
  return one.attempts.map(({ id }) => id).filter((id) => !known.includes(id))
}

const ofMoney = ({ view, orders }: Evidence): readonly string[] => {
  const paid = new Set(orders.filter((order) => order.paid).map(({ channel, number }) => `${channel} ${number}`))
  const executed = view.attempts.filter(({ status }) => status === 'executed')
  const wrong = view.attempts.filter(
    ({ offer, number, status }) => paid.has(`${offer} ${number}`) !== (status === 'executed'),
  )
  return [
    ...wrong.map(
      ({ offer, number, status }) => `${offer} ${number} is ${status}, which is not what its bank's book says`,
    ),
    ...(view.paidAmount === executed.length * view.amount
      ? []
      : [`${view.paidAmount} is paid in ${executed.length} attempts`]),
    ...((view.status === 'executed') === executed.length > 0
      ? []
      : [`it is ${view.status} with ${executed.length} executed attempts`]),
    ...(executed.length < 2 || view.attention.includes('paid_twice') ? [] : ['it was paid twice, unseen']),
  ]
}

const ofRefunds = ({ view, orders, refunds }: Evidence): readonly string[] => {
  const promised = view.refunds.filter(({ status }) => status !== 'failed')
  const over = view.attempts.filter(
    ({ id, status }) =>
      sum(promised.filter(({ attempt }) => attempt === id).map(({ amount }) => amount)) >
      (status === 'executed' ? view.amount : 0),
  )
  const done = sum(view.refunds.filter(({ status }) => status === 'done').map(({ amount }) => amount))
  const atBank = sum(orders.map(({ refundedMinor }) => refundedMinor))
  const ids = view.refunds.map(({ id }) => id)
  const missing = refunds.filter((id) => !ids.includes(id))
  return [
    ...over.map(({ id }) => `more is promised back of ${id} than was paid`),
    ...(view.refundedAmount === done && done === atBank
      ? []
      : [`${view.refundedAmount} is refunded, ${done} by its refunds, ${atBank} by the bank's book`]),
    ...missing.map((id) => `${id} was acknowledged and is gone`),
    ...(new Set(refunds).size === ids.length
      ? []
      : [`${refunds.length} refunds were acknowledged, and it has ${ids.length}`]),
  ]
}

const ofCancels = ({ view, cancels }: Evidence): readonly string[] => {
  const taken = cancels.some((status) => status === 200 || status === 202)
  const strange = cancels.filter((status) => ![200, 202, 409].includes(status))
  const ended = view.final || view.closing !== null
  return [
    ...strange.map((status) => `a cancel was answered ${status}`),
    ...(!taken || ended ? [] : [`a cancel was taken, and it is ${view.status}`]),
  ]
}
