import type { TestHub } from './hub.ts'
import { formsOf, submit, type Visit, visit } from './payer.ts'

/** Orders, choices and decisions of whole stories, told in one line each. */

/** Where a story is played: a hub, its bank, and what its e-service was told. */
export type Stage = Pick<TestHub, 'root' | 'shopRoot' | 'world' | 'clock' | 'notices' | 'api' | 'settle'>

export type Ordered = { readonly id: string; readonly payUrl: string; readonly reference: string }

let made = 0

export const orderBody = (hub: Stage, more: Readonly<Record<string, unknown>> = {}) => ({
  reference: `NIN-2026-${++made}`,
  amount: 12_345,
  currency: 'EUR',
  description: { lv: 'Nekustamā īpašuma nodoklis 2026', en: 'Property tax 2026' },
  returnUrl: `${hub.shopRoot}/back`,
  ...more,
})

export const ordered = async (hub: Stage, more: Readonly<Record<string, unknown>> = {}): Promise<Ordered> => {
  const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, more))
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body
}

/** The payer chooses on the hub's page; with scripts off, so the form that goes on to the bank is posted by hand. */
export const chosen = async (
  hub: Stage,
  payUrl: string,
  offer: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Visit> => {
  const page = await visit(`${payUrl}?choose=yes`)
  const form = formsOf(page).find((one) => one.action.includes('/choose'))
  if (!form) throw new Error(`nothing can be chosen: ${page.page}`)
  return onward(hub, await submit(form, { offer, ...more }))
}

/** From the page that leads to the bank, to the bank. */
export const onward = async (hub: Stage, at: Visit): Promise<Visit> => {
  const form = formsOf(at).find((one) => one.action.startsWith(hub.world.root))
  return at.page === 'going' && form ? submit(form) : at
}

/** The newest order that a bank holds. */
export const orderAtBank = (hub: Stage, channel: string) => {
  const [order] = hub.world
    .orders()
    .filter((one) => one.channel === channel)
    .sort((a, b) => Number(b.number) - Number(a.number))
  if (!order) throw new Error(`${channel} has no order`)
  return order
}

/** The tester decides at the bank, and the payer's browser carries back what it is given. Undefined: the window is closed. */
export const decided = async (hub: Stage, channel: string, choice: string): Promise<Visit | undefined> => {
  const answer = await hub.world.choose(channel, orderAtBank(hub, channel).id, choice)
  if (answer.kind !== 'carry') return undefined
  const fields = answer.fields.map(([name, value]): [string, string] => [name, value])
  const back =
    answer.method === 'POST'
      ? await visit(answer.url, { method: 'POST', body: new URLSearchParams(fields) })
      : await visit(fields.length > 0 ? `${answer.url}?${new URLSearchParams(fields)}` : answer.url)
  await hub.settle()
  return back
}

/** A whole payment through one bank with one decision. */
export const paidThrough = async (
  hub: Stage,
  channel: string,
  choice: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly order: Ordered; readonly back: Visit | undefined }> => {
  const order = await ordered(hub, more)
  await chosen(hub, order.payUrl, channel)
  const back = await decided(hub, channel, choice)
  await hub.settle()
  return { order, back }
}

export const truth = async (hub: Stage, id: string) => (await hub.api('GET', `/v1/payments/${id}`)).body

export const noticesOf = (hub: Stage, id: string): readonly string[] =>
  hub.notices.filter(({ notice }) => notice.data.payment.id === id).map(({ notice }) => notice.type)
