import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { World } from '../../src/sandbox/index.ts'
import type { Chance } from '../torture/chance.ts'
import { type Browser, browse, formTo, submit } from './browser.ts'
import { type Answer, type Caller, type Node, post } from './caller.ts'

/** What one person does with a payment, at one hub or the other. */

export type Among = {
  readonly caller: Caller
  readonly world: World
  readonly shopRoot: string
  readonly seed: number
}

/** What was done to a payment, and what of it was acknowledged. */
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

export type Round = Among & {
  readonly chance: Chance
  readonly browser: Browser
  readonly payUrl: string
  readonly id: string
  readonly reference: string
  readonly amount: number
}

export const OFFERS = ['sandbox', 'swedbank-lv'] as const
const Created = z.object({ id: z.string(), payUrl: z.string() })

/** A payment of its own, and a payer whose requests the hubs count apart. */
export const openRound = async (about: Among, reference: string, peer: string, chance: Chance): Promise<Round> => {
  const { caller, shopRoot } = about
  // The bogus bank decides by itself from 80 on.
  const amount = chance.between(10, 200) * 100 + chance.between(0, 79)
  const order = { reference, amount, currency: 'EUR', description: 'Race', returnUrl: `${shopRoot}/back` }
  const made = await post(caller, anyNode(chance), '/v1/payments', order)
  if (made.status !== 201) throw new Error(`${reference}: the order was answered ${made.status}: ${made.text}`)
  const { id, payUrl } = Created.parse(JSON.parse(made.text))
  return { ...about, chance, browser: { roots: caller.roots, peer }, payUrl, id, reference, amount }
}

export const anyNode = (chance: Chance): Node => (chance.happens(0.5) ? 0 : 1)

export type OrderAtBank = ReturnType<World['orders']>[number]

/** What the banks hold for a payment: what they are told begins with its reference. */
export const ordersOf = (world: World, reference: string): readonly OrderAtBank[] =>
  world.orders().filter(({ text }) => text.startsWith(`${reference} `))

export type Choice = { readonly node: Node; readonly offer: string; readonly notPaid: boolean }

/** Where the payer came to: `bank`, or the name of the hub's page. */
export const choose = async (round: Round, choice: Choice | undefined): Promise<string> => {
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

export const cancel = async ({ caller, id }: Round, node: Node): Promise<number> =>
  (await post(caller, node, `/v1/payments/${id}/cancel`, {})).status

export const leave = ({ browser, chance, payUrl }: Round) =>
  submit(browser, anyNode(chance), { action: `${payUrl}/return`, method: 'POST', fields: {} }).catch(() => undefined)

/** The payer decides at the bank, and is carried back to both hubs at once. */
export const decide = async (round: Round, order: OrderAtBank, decision: string): Promise<void> => {
  const { world, browser } = round
  const answer = await world.choose(order.channel, order.id, decision)
  if (answer.kind !== 'carry') return
  const fields = new URLSearchParams(answer.fields.map(([name, value]): [string, string] => [name, value]))
  const carry = (node: Node) =>
    answer.method === 'POST'
      ? browse(browser, node, answer.url, { method: 'POST', body: fields })
      : browse(browser, node, `${answer.url}${fields.size > 0 ? `?${fields}` : ''}`)
  await Promise.all([carry(0), carry(1)])
}

export type Refunded = { readonly id?: string }
const RefundAnswer = z.object({ id: z.string() })

export const refund = async ({ caller, chance, id, amount }: Round): Promise<Refunded> => {
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
