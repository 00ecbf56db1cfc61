import { MINUTE_MS } from '../../../src/kernel/time.ts'
import type { AttemptState, PaymentState } from '../../../src/payments/facts.ts'
import { stateOf } from '../../../src/payments/payment.ts'
import { loadById } from '../../../src/payments/store/index.ts'
import type { TestHub } from '../../support/hub.ts'

/** An order of ours, and what was decided of it at the bank, where its payer came so far. */
export type Bill = { readonly id: string; readonly payUrl: string; readonly amount: number; readonly choice?: string }

/** As the bank has it in its own books. */
export type Booked = { readonly paid: boolean; readonly refundedMinor: number }

export const bookOf = (hub: TestHub): ReadonlyMap<string, Booked> =>
  new Map(hub.world.orders().flatMap((order) => (order.channel === 'sandbox' ? [[order.number, order]] : [])))

export const heartOf = async (hub: TestHub, id: string): Promise<PaymentState> => {
  const loaded = await loadById(hub.database.db, id)
  if (!loaded) throw new Error(`no payment ${id}`)
  return stateOf(loaded.facts)
}

type Book = ReadonlyMap<string, Booked>
const NOTHING: Booked = { paid: false, refundedMinor: 0 }

/** What must hold at any moment, whatever came over the line. */
export const wrongNow = (state: PaymentState, bill: Bill, book: Book, now: number): readonly string[] => {
  const booked = state.attempts.map(({ number }) => book.get(number) ?? NOTHING)
  const paid = state.attempts.filter((_, place) => booked[place]?.paid).length * bill.amount
  const back = booked.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)
  const ours = state.refunds.filter(({ status, origin }) => status === 'done' && origin === 'e-service')
  const oursMinor = ours.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  // One of ours of which another amount is told is one of the bank's own, and a person is asked about those.
  const isFlagged = state.attention.some(({ flag }) => flag === 'reversed')
  return [
    ...(state.paidMinor > paid ? [`${state.paidMinor} are executed, and the bank has ${paid}`] : []),
    ...(oursMinor > back || (state.refundedMinor > back && !isFlagged)
      ? [`${state.refundedMinor} went back, ${oursMinor} of them asked for here, and by the bank ${back}`]
      : []),
    ...(state.reversedMinor > (bill.choice === 'reversed' ? bill.amount : 0)
      ? [`${state.reversedMinor} are reversed, which the bank does not say`]
      : []),
    ...state.attempts.flatMap((attempt, place) => wrongEnd(attempt, bill, booked[place]?.paid ?? false, now)),
    ...state.refunds.flatMap(({ status, origin, amountMinor }) =>
      status === 'failed' && origin === 'e-service' && amountMinor % 100 !== FAILS
        ? [`a refund of ${amountMinor} failed, which the bank does not say`]
        : [],
    ),
  ]
}

/** Refunds of so many cents fail at this bank after a minute (its README). */
const FAILS = 98

/** `not_begun`: the order was not answered, and without the answer nobody can pay. */
const wrongEnd = (
  { status, reason, begunAt }: AttemptState,
  { choice = '' }: Bill,
  paid: boolean,
  now: number,
): readonly string[] => {
  if (status !== 'refused' && status !== 'lapsed') return []
  // The bank says so first, and its books know already what will be.
  if (choice === 'declined_then_paid' && reason === 'declined') return []
  if (paid) return [`${status} (${reason}), and the bank has the money`]
  const said: Readonly<Record<string, boolean>> = {
    declined: choice.startsWith('decline'),
    cancelled_by_payer: choice === 'cancel',
    expired_at_psp: now >= begunAt + PAYABLE_MS,
    reversed: choice === 'reversed',
    not_begun: choice === '',
  }
  const mayBe = status === 'lapsed' ? now >= begunAt + PAYABLE_MS : said[reason ?? '']
  return mayBe ? [] : [`${status} (${reason}), which the bank does not say of "${choice}"`]
}
/** As the demo's `cma.yaml` has it. */
const PAYABLE_MS = 15 * MINUTE_MS

/** What must hold once the line was well for long enough. Undefined: it ended as the bank has it. */
export const wrongInTheEnd = (state: PaymentState, bill: Bill, book: Book): string | undefined => {
  const booked = state.attempts.map(({ number }) => book.get(number) ?? NOTHING)
  const isPaid = booked.some(({ paid }) => paid)
  const back = booked.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)
  const wanted = {
    executed: isPaid,
    paid: isPaid ? bill.amount : 0,
    refunded: back,
    reversed: bill.choice === 'reversed' ? bill.amount : 0,
    waits: 0,
  }
  const is = {
    executed: state.status === 'executed',
    paid: state.paidMinor,
    refunded: state.refundedMinor,
    reversed: state.reversedMinor,
    waits:
      state.attempts.filter(({ status }) => WAITING.includes(status)).length +
      state.refunds.filter(({ status }) => status !== 'done' && status !== 'failed').length,
  }
  return JSON.stringify(is) === JSON.stringify(wanted)
    ? undefined
    : `is ${state.status} ${JSON.stringify(is)}, and should be ${JSON.stringify(wanted)}`
}
const WAITING: readonly AttemptState['status'][] = ['started', 'accepted', 'unknown']
