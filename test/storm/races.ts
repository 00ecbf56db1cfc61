import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { World } from '../../src/sandbox/index.ts'
import { type Chance, chanceFrom } from '../torture/chance.ts'
import { type Browser, browse, formTo, submit } from './browser.ts'
import { type Answer, type Caller, type Node, post } from './caller.ts'

/** Everybody does everything with one payment at once, at both hubs. */

export type Race = {
  readonly caller: Caller
  readonly world: World
  readonly shopRoot: string
  readonly seed: number
}

export type OrderAtBank = ReturnType<World['orders']>[number]

/** What the banks hold for a payment: what they are told begins with its reference. */
export const ordersOf = (world: World, reference: string): readonly OrderAtBank[] =>
  world.orders().filter(({ text }) => text.startsWith(`${reference} `))

/** What was done to the payment, and what of it was acknowledged. */
export type Raced = {
  readonly id: string
  readonly reference: string
  readonly oneBank: boolean
  readonly cancels: readonly number[]
  /** Of each idempotency key that was answered 201. */
  readonly refunds: readonly string[]
  readonly refusedRefunds: number
  /** Where choices of banks led: the bank, or a page of the hub. */
  readonly led: readonly string[]
}

type Round = Race & {
  readonly chance: Chance
  readonly browser: Browser
  readonly payUrl: string
  readonly id: string
  readonly reference: string
  readonly amount: number
}

const OFFERS = ['sandbox', 'swedbank-lv'] as const
const Created = z.object({ id: z.string(), payUrl: z.string() })

export const race = async (about: Race, round: number): Promise<Raced> => {
  const { caller, seed, shopRoot } = about
  const chance = chanceFrom(seed * 100_003 + round)
  // The bogus bank decides by itself from 80 on.
  const amount = chance.between(10, 200) * 100 + chance.between(0, 79)
  const reference = `R-${seed}-${round}`
  const order = { reference, amount, currency: 'EUR', description: 'Race', returnUrl: `${shopRoot}/back` }
  const made = await post(caller, anyNode(chance), '/v1/payments', order)
  if (made.status !== 201) throw new Error(`round ${round}: the order was answered ${made.status}: ${made.text}`)
  const { id, payUrl } = Created.parse(JSON.parse(made.text))
  const browser = { roots: caller.roots, peer: `10.${(round >> 16) & 255}.${(round >> 8) & 255}.${round & 255}` }
  const doing: Round = { ...about, chance, browser, payUrl, id, reference, amount }

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

const anyNode = (chance: Chance): Node => (chance.happens(0.5) ? 0 : 1)

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
    atOnce(chance, chance.happens(0.3) ? chance.between(1, 3) : 0, () => cancel(round)),
    atOnce(chance, chance.happens(0.15) ? 1 : 0, () => leave(round)),
  ])
  return { led, cancels }
}

type Choice = { readonly node: Node; readonly offer: string; readonly notPaid: boolean }

/** Where the payer came to: `bank`, or the name of the hub's page. */
const choose = async (round: Round, choice: Choice | undefined): Promise<string> => {
  const { browser, payUrl, world, caller } = round
  const { node = 0, offer = 'sandbox', notPaid = false } = choice ?? {}
  const form = {
    action: `${payUrl}/choose`,
    method: 'POST',
    fields: { offer, ...(notPaid ? { 'not-paid': 'yes' } : {}) },
  }
  const shown = await submit(browser, node, form)
  const onward = shown.page === 'going' ? formTo(shown, world.root) : undefined
  const at = onward ? await submit(browser, node, onward) : shown
  if (at.url.startsWith(world.root)) return 'bank'
  if (at.status >= 500) caller.breaches.push(`${round.id}: a choice ended on a page with ${at.status}: ${at.page}`)
  return at.page ?? String(at.status)
}

const cancel = async ({ caller, chance, id }: Round): Promise<number> =>
  (await post(caller, anyNode(chance), `/v1/payments/${id}/cancel`, {})).status

const leave = ({ browser, chance, payUrl }: Round) =>
  submit(browser, anyNode(chance), { action: `${payUrl}/return`, method: 'POST', fields: {} }).catch(() => undefined)

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
    atOnce(chance, decided.length, (place) => decide(round, decided[place])),
    atOnce(chance, chance.happens(0.25) ? chance.between(1, 2) : 0, () => cancel(round)),
    atOnce(chance, chance.happens(0.3) ? chance.between(1, 3) : 0, () => refund(round)),
  ])
  return { cancels, refunds }
}

const decide = async (round: Round, order: OrderAtBank | undefined): Promise<void> => {
  if (!order) return
  const { world, chance, browser } = round
  const [first, ...more] = order.channel === 'sandbox' ? DECISIONS.sandbox : DECISIONS['swedbank-lv']
  const answer = await world.choose(order.channel, order.id, chance.pick(first, ...more))
  if (answer.kind !== 'carry') return
  const fields = new URLSearchParams(answer.fields.map(([name, value]): [string, string] => [name, value]))
  const carry = (node: Node) =>
    answer.method === 'POST'
      ? browse(browser, node, answer.url, { method: 'POST', body: fields })
      : browse(browser, node, `${answer.url}${fields.size > 0 ? `?${fields}` : ''}`)
  await Promise.all([carry(0), carry(1)])
}

// ---------------------------------------------------------------------------------------------------------------------- paying back

type Asked = Pick<Raced, 'cancels'> & { readonly refunds: readonly Refunded[] }
type Refunded = { readonly id?: string }
const RefundAnswer = z.object({ id: z.string() })
/** Several clerks ask money back, some by the same request twice, while banks repeat themselves and payers come again. */
const payingBack = async (round: Round): Promise<Asked & { readonly choseAnew: boolean }> => {
  const { chance, browser, payUrl } = round
  const choseAnew = chance.happens(0.3)
  const [refunds, cancels] = await Promise.all([
    atOnce(chance, chance.between(0, 6), () => refund(round)),
    atOnce(chance, chance.happens(0.3) ? 1 : 0, () => cancel(round)),
    atOnce(chance, choseAnew ? 2 : 0, () =>
      choose(round, { node: anyNode(chance), offer: chance.pick(...OFFERS), notPaid: true }),
    ),
    atOnce(chance, 1, () => browse(browser, anyNode(chance), `${payUrl}?back=yes`)),
  ])
  return { refunds, cancels, choseAnew }
}

const refund = async ({ caller, chance, id, amount }: Round): Promise<Refunded> => {
  const body = chance.happens(0.25) ? {} : { amount: chance.between(1, amount) }
  const key = randomUUID()
  const ask = (node: Node): Promise<Answer> => post(caller, node, `/v1/payments/${id}/refunds`, body, key)
  const answers = await Promise.all(chance.happens(0.4) ? [ask(0), ask(1)] : [ask(anyNode(chance))])
  const made = answers.filter(({ status }) => status === 201)
  const ids = new Set(made.map(({ text }) => RefundAnswer.parse(JSON.parse(text)).id))
  const strange = answers.filter(({ status }) => ![201, 409, 422].includes(status))
  if (strange.length > 0)
    caller.breaches.push(`${id}: a refund was answered ${strange[0]?.status}: ${strange[0]?.text}`)
  if (ids.size > 1) caller.breaches.push(`${id}: one key made ${ids.size} refunds`)
  const [refunded] = ids
  return refunded === undefined ? {} : { id: refunded }
}
