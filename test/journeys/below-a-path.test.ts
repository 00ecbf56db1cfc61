import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { type Visit, visit } from '../support/payer.ts'
import { chosen, decided, noticesOf, ordered, truth } from '../support/story.ts'

/** A hub that shares its host: every address it gives away lies below its own path. */

const PATH = '/e/payments'
let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ path: PATH })
})
afterAll(() => hub.stop())

/** Addresses on this host that a page names. */
const named = ({ text }: Visit): readonly string[] =>
  [...text.matchAll(/\s(?:href|src|action|data-watch)="(\/[^"]*)"/g)].map(([, address = '']) => address)

const sameHost = async (page: Visit): Promise<void> => {
  const addresses = named(page)
  expect(addresses.length).toBeGreaterThan(3)
  expect(addresses.filter((address) => !address.startsWith(`${PATH}/`))).toEqual([])
  const files = addresses.filter((address) => /\/(assets|look)\//.test(address))
  const answers = await Promise.all(files.map((address) => fetch(new URL(address, hub.root))))
  expect(answers.map(({ status }) => status)).toEqual(files.map(() => 200))
}

describe('a hub below a path', () => {
  it.each(['swedbank-lv', 'sandbox'])('takes a payment through %s from the order to the receipt', async (channel) => {
    const order = await ordered(hub)
    expect(order.payUrl).toMatch(new RegExp(`^${hub.root}/pay/`))
    await sameHost(await visit(order.payUrl))
    await chosen(hub, order.payUrl, channel)
    const back = await decided(hub, channel, 'pay')
    await hub.settle()
    expect(back?.url).toMatch(new RegExp(`^${hub.root}/pay/`))
    expect((await truth(hub, order.id)).status).toBe('executed')
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.executed')
    const paid = await visit(order.payUrl)
    expect(paid.page).toBe('paid')
    await sameHost(paid)
    await sameHost(await visit(`${order.payUrl}/receipt`))
  })

  it('shows its reference, and tells receipts’ readers where its keys are', async () => {
    await sameHost(await visit(`${hub.root}/docs`))
    const keys = await fetch(`${hub.root}/.well-known/jwks.json`)
    expect(keys.status).toBe(200)
    const { body } = await hub.api('GET', '/v1/openapi.json')
    expect(body.servers).toEqual([{ url: hub.root }])
  })

  it('keeps the payer’s last choice below its path', async () => {
    const { payUrl } = await ordered(hub)
    const body = new URLSearchParams({ offer: 'swedbank-lv' })
    const answer = await fetch(`${payUrl}/choose`, { method: 'POST', body })
    expect(answer.headers.get('set-cookie')).toContain(`Path=${PATH}/pay`)
  })

  it('offers logos where they can be fetched', async () => {
    const { body } = await hub.api('GET', '/v1/channels')
    const logos = await Promise.all(body.offers.map(({ logo }) => fetch(logo)))
    expect(logos.map(({ status }) => status)).toEqual(body.offers.map(() => 200))
  })

  it('answers as well to a proxy that takes the path off', async () => {
    const { origin } = new URL(hub.root)
    expect(await (await fetch(`${origin}/healthz`)).text()).toBe('ok')
    expect(await (await fetch(`${hub.root}/healthz`)).text()).toBe('ok')
  })
})
