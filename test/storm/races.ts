import { setTimeout as pause } from 'node:timers/promises'
import { type Chance, chanceFrom } from '../torture/chance.ts'
import {
  type Among,
  anyNode,
  cancel,
  choose,
  decide,
  leave,
  OFFERS,
  type OrderAtBank,
  openRound,
  ordersOf,
  type Raced,
  type Refunded,
  type Round,
  refund,
} from './acts.ts'
import { browse } from './browser.ts'

/** Everybody does everything with one payment at once, at both hubs. */

export const race = async (about: Among, round: number): Promise<Raced> => {
  const { seed } = about
  const chance = chanceFrom(seed * 100_003 + round)
  const peer = `10.${(round >> 16) & 255}.${(round >> 8) & 255}.${round & 255}`
  const doing = await openRound(about, `R-${seed}-${round}`, peer, chance)
  const { id, reference } = doing

  const oneBank = chance.happens(0.4)
  const first = await beginning(doing, oneBank)
  const second = await deciding(doing)
  const third = await payingBack(doing)
  const refunds = [...second.refunds, ...third.refunds]
  return {
    id,
    reference,
    oneBank: oneBank && !third.choseAnew,
    cancels: [...first.cancels, ...second.cancels, ...third.cancels],
    refunds: refunds.flatMap((refund) => refund.id ?? []),
    refusedRefunds: refunds.filter((refund) => refund.id === undefined).length,
    led: first.led,
  }
}

/** So many of these at once, each a moment later or not. */
const atOnce = <Value>(chance: Chance, count: number, one: (place: number) => Promise<Value>): Promise<Value[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, place) => {
      const afterMs = chance.happens(0.5) ? 0 : chance.between(1, 25)
      if (afterMs > 0) await pause(afterMs)
      return one(place)
    }),
  )

// ---------------------------------------------------------------------------------------------------------------------- beginning

/** Several windows choose a bank, one of them or two, and the e-service cancels or the payer leaves. */
const beginning = async (round: Round, oneBank: boolean): Promise<Pick<Raced, 'cancels' | 'led'>> => {
  const { chance } = round
  const only = chance.pick(...OFFERS)
  const choices = Array.from({ length: chance.between(2, 5) }, () => ({
    node: anyNode(chance),
    offer: oneBank ? only : chance.pick(...OFFERS),
    notPaid: chance.happens(0.5),
  }))
  const [led, cancels] = await Promise.all([
    atOnce(chance, choices.length, (place) => choose(round, choices[place])),
    atOnce(chance, chance.happens(0.3) ? chance.between(1, 3) : 0, () => cancel(round, anyNode(chance))),
    atOnce(chance, chance.happens(0.15) ? 1 : 0, () => leave(round)),
  ])
  return { led, cancels }
}

// ---------------------------------------------------------------------------------------------------------------------- deciding

const DECISIONS = {
  sandbox: ['pay', 'pay', 'pay', 'notice_twice', 'return_lost', 'decline', 'cancel'],
  'swedbank-lv': ['pay', 'pay', 'notice_twice', 'pay_back_by_get', 'cancel'],
} as const

/** The payer decides at each bank and is carried back to both hubs at once, while the e-service cancels and asks money back. */
const deciding = async (round: Round): Promise<Asked> => {
  const { chance } = round
  const orders = ordersOf(round.world, round.reference)
  const decided = orders.filter(() => chance.happens(0.8))
  const [, cancels, refunds] = await Promise.all([
    atOnce(chance, decided.length, (place) => decideSomehow(round, decided[place])),
    atOnce(chance, chance.happens(0.25) ? chance.between(1, 2) : 0, () => cancel(round, anyNode(chance))),
    atOnce(chance, chance.happens(0.3) ? chance.between(1, 3) : 0, () => refund(round)),
  ])
  return { cancels, refunds }
}

const decideSomehow = async (round: Round, order: OrderAtBank | undefined): Promise<void> => {
  if (!order) return
  const [first, ...more] = order.channel === 'sandbox' ? DECISIONS.sandbox : DECISIONS['swedbank-lv']
  await decide(round, order, round.chance.pick(first, ...more))
}

// ---------------------------------------------------------------------------------------------------------------------- paying back

type Asked = Pick<Raced, 'cancels'> & { readonly refunds: readonly Refunded[] }

/** Several clerks ask money back, some by the same request twice, while banks repeat themselves and payers come again. */
const payingBack = async (round: Round): Promise<Asked & { readonly choseAnew: boolean }> => {
  const { chance, browser, payUrl } = round
  const choseAnew = chance.happens(0.3)
  const [refunds, cancels] = await Promise.all([
    atOnce(chance, chance.between(0, 6), () => refund(round)),
    atOnce(chance, chance.happens(0.3) ? 1 : 0, () => cancel(round, anyNode(chance))),
    atOnce(chance, choseAnew ? 2 : 0, () =>
      choose(round, { node: anyNode(chance), offer: chance.pick(...OFFERS), notPaid: true }),
    ),
    atOnce(chance, 1, () => browse(browser, anyNode(chance), `${payUrl}?back=yes`)),
  ])
  return { refunds, cancels, choseAnew }
}
