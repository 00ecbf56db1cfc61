import { mayBeRepeated } from './refund-calls.ts'
import type { Evidence } from './verdict.ts'

/** The banks' own books against the hub's, to the cent. Pure. */

export type Orders = ReadonlyMap<string, Evidence['orders'][number]>
type View = Evidence['payments'][number]['view']

export const ordersByNumber = (orders: Evidence['orders']): Orders =>
  new Map(orders.map((order) => [`${order.channel} ${order.number}`, order]))

/** Money that the banks moved for the attempts which the hub can know of, and that the hub says was moved. */
export type Sums = { readonly paidMinor: number; readonly refundedMinor: number }

export const sumsAtBanks = (
  views: readonly View[],
  orders: Orders,
  isKnowable: (attempt: Attempt) => boolean,
): Sums => {
  const moved = views.flatMap((view) =>
    view.attempts.filter(isKnowable).flatMap((attempt) => {
      const order = orderOf(attempt, orders)
      return order ? [{ paid: isPaidAsOrdered(view, order) ? view.amount : 0, refunded: order.refundedMinor }] : []
    }),
  )
  return { paidMinor: sum(moved.map(({ paid }) => paid)), refundedMinor: sum(moved.map(({ refunded }) => refunded)) }
}

export const orderOf = ({ offer, number }: Attempt, orders: Orders): Evidence['orders'][number] | undefined =>
  orders.get(`${offer} ${number}`)

/** Another amount is a matter for a person. */
export const isPaidAsOrdered = (view: View, order: Evidence['orders'][number] | undefined): boolean =>
  order?.paid === true && order.amount.amountMinor === view.amount

export const sumsInHub = (views: readonly View[]): Sums => ({
  paidMinor: sum(views.map(({ paidAmount }) => paidAmount)),
  refundedMinor: sum(views.map(({ refundedAmount }) => refundedAmount)),
})

type Attempt = View['attempts'][number]

/** Every refund that was acknowledged is there and was made once, or surely not at all; and none that nobody asked for. */
export const judgeRefunds = (view: View, orders: Orders, ledger: Evidence['ledger']): readonly string[] => {
  const asked = [...ledger.refunds].filter(([, { payment }]) => payment === view.id)
  const shown = new Map(view.refunds.map((refund) => [refund.id, refund]))
  const missing = asked
    .filter(([id, { amountMinor }]) => shown.get(id)?.amount !== amountMinor)
    .map(([id]) => `${view.id}: refund ${id} was acknowledged and is not there as it was`)
  const open = view.refunds
    .filter((refund) => refund.status !== 'done' && refund.status !== 'failed' && !isInDoubt(refund))
    .map(({ id, status }) => `${view.id}: refund ${id} is still ${status}`)
  const wrong = view.attempts.flatMap((attempt) => {
    const { id, offer } = attempt
    const inHub = sum(
      view.refunds.filter((one) => one.attempt === id && one.status === 'done').map((one) => one.amount),
    )
    const atBank = orderOf(attempt, orders)?.refundedMinor ?? 0
    return inHub === atBank ? [] : [`${view.id}: ${offer} paid back ${atBank} of ${id}, the hub says ${inHub}`]
  })
  const backMinor = sum(view.attempts.map((attempt) => orderOf(attempt, orders)?.refundedMinor ?? 0))
  const askedMinor = sum(asked.map(([, { amountMinor }]) => amountMinor))
  const more = backMinor > askedMinor ? [`${view.id}: ${backMinor} went back, and ${askedMinor} was asked for`] : []
  return [...missing, ...open, ...wrong, ...more]
}

/** What may not be repeated and was cut off: that the bank made nothing of it, the sums say. */
export const isInDoubt = ({ status, amount }: View['refunds'][number]): boolean =>
  status === 'unknown' && !mayBeRepeated(amount)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
