import type { Evidence } from './books.ts'

/** What became of refunds. Pure. */

const ENDED = ['done', 'failed']

/** Those that were acknowledged before the moment are there, none waits without anybody, and each payment says what its banks gave back. */
export const judgeRefunds = (evidence: Evidence): readonly string[] => {
  const { payments, keptRefunds, tasks } = evidence
  const shown = new Map(payments.flatMap(({ view }) => view.refunds.map((refund) => [refund.id, refund] as const)))
  const missing = [...keptRefunds]
    .filter(([id, amountMinor]) => shown.get(id)?.amount !== amountMinor)
    .map(([id]) => `refund ${id} was acknowledged before the moment and is not there as it was`)
  const inHand = new Set(tasks.filter(({ kind }) => kind.startsWith('refund_')).map(({ part }) => part))
  const left = payments.flatMap(({ view }) =>
    view.refunds
      .filter(({ id, status }) => !ENDED.includes(status) && !inHand.has(id))
      .map(({ id, status }) => `${view.id}: refund ${id} is ${status}, and nobody has it for a task`),
  )
  return [...missing, ...left, ...judgeSums(evidence)]
}

const judgeSums = ({ orders, payments, askedBack }: Evidence): readonly string[] => {
  const atBanks = new Map(orders.map(({ channel, number, refundedMinor }) => [`${channel} ${number}`, refundedMinor]))
  return payments.flatMap(({ view }) => {
    const madeMinor = sum(view.attempts.map(({ offer, number }) => atBanks.get(`${offer} ${number}`) ?? 0))
    const askedMinor = sum(askedBack.filter(({ payment }) => payment === view.id).map(({ amountMinor }) => amountMinor))
    return [
      ...(madeMinor > askedMinor ? [`${view.id}: the bank gave back ${madeMinor}, of ${askedMinor} asked for`] : []),
      ...(madeMinor === view.refundedAmount
        ? []
        : [`${view.id}: the bank gave back ${madeMinor}, the hub says ${view.refundedAmount}`]),
    ]
  })
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
