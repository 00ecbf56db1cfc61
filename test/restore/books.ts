import { z } from 'zod'
import type { World } from '../../src/sandbox/index.ts'
import type { PaymentSeen } from '../torture/feed.ts'
import type { HeardEvent } from '../torture/receiver.ts'

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
  readonly heard: ReadonlyMap<string, HeardEvent>
  /** Numbers of attempts whose bank answered their beginning only after the moment. */
  readonly unanswered: ReadonlySet<string>
  /** Every refund that was acknowledged, once however often it was asked for. */
  readonly askedBack: readonly { readonly payment: string; readonly amountMinor: number }[]
}

export type Books = {
  readonly paidAtBanksMinor: number
  /** By the restored hub itself. */
  readonly foundMinor: number
  /** Paid at a bank link that cannot be asked: each is on the clerk's list. */
  readonly forClerkMinor: number
  /** The bank says paid, and what it promised in the answer that is forgotten cannot be compared: a person's when the attempt's plan ends. */
  readonly doubtedMinor: number
  /** Of payments that were ordered after the moment. */
  readonly goneMinor: number
  readonly refundedMinor: number
  readonly breaches: readonly string[]
}

const Refunds = z.object({ refundedAmount: z.int(), reversedAmount: z.int() })
/** Of events that the restored hub told: it leaves out a thousand. */
const LEFT_OUT = 1_000

export const compareBooks = (evidence: Evidence): Books => {
  const { orders, payments, told } = evidence
  const attempts = new Map(
    payments.flatMap(({ view }) =>
      view.attempts.map((attempt) => [`${attempt.offer} ${attempt.number}`, { attempt, view }] as const),
    ),
  )
  const onList = new Set(told.unaskable.map(({ number }) => number))
  const breaches: string[] = []
  const back = new Map<string, number>()
  const sums = { doubted: 0, found: 0, forClerk: 0, gone: 0, all: 0, refunded: 0 }
  for (const { channel, number, amount, paid, refundedMinor } of orders) {
    if (!paid) continue
    const { amountMinor } = amount
    const known = attempts.get(`${channel} ${number}`)
    sums.all += amountMinor
    if (!known) sums.gone += amountMinor
    else if (known.attempt.status === 'executed') sums.found += amountMinor
    else if (onList.has(number)) sums.forClerk += amountMinor
    else if (known.attempt.status === 'accepted' && evidence.unanswered.has(number)) sums.doubted += amountMinor
    else if (amountMinor !== known.view.amount && known.view.attention.includes('amount_mismatch'))
      sums.found += amountMinor
    else
      breaches.push(`${known.view.id}: ${channel} ${number} was paid, is ${known.attempt.status}, and nobody is told`)
    if (!known) continue
    sums.refunded += refundedMinor
    back.set(known.view.id, (back.get(known.view.id) ?? 0) + refundedMinor)
  }
  for (const [payment, minor] of back) {
    const askedMinor = evidence.askedBack
      .filter((refund) => refund.payment === payment)
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0)
    if (minor > askedMinor) breaches.push(`${payment}: the bank gave back ${minor}, of ${askedMinor} asked for`)
  }
  const paidByHub = payments.reduce((sum, { view }) => sum + view.paidAmount, 0)
  const executedAtBanks = [...attempts.values()]
    .filter(({ attempt }) => attempt.status === 'executed')
    .reduce((sum, { view }) => sum + view.amount, 0)
  const backByHub = payments.reduce((sum, { view }) => sum + Refunds.parse(view).refundedAmount, 0)
  if (paidByHub !== executedAtBanks)
    breaches.push(`the hub says ${paidByHub} was paid, its attempts ${executedAtBanks}`)
  if (backByHub !== sums.refunded) breaches.push(`the banks gave back ${sums.refunded}, the hub says ${backByHub}`)
  return {
    paidAtBanksMinor: sums.all,
    foundMinor: sums.found,
    forClerkMinor: sums.forClerk,
    doubtedMinor: sums.doubted,
    goneMinor: sums.gone,
    refundedMinor: sums.refunded,
    breaches: [...breaches, ...missing(evidence), ...usedTwice(evidence), ...misheard(evidence)],
  }
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
