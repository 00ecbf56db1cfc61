import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Channel, ListedChannel, Step } from '../../src/channels/index.ts'
import { keptMessages } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { submit, visit } from '../support/payer.ts'
import { chosen, ordered, truth } from '../support/story.ts'

/** A bank, or a mistake in a channel, names an address where no payer may be sent. */

let url = ''
let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ channels: (listed) => listed.map(misled) })
})
afterAll(() => hub.stop())

/** The bank's answer, or the form of a bank link, with another address in it. */
const misled = (listed: ListedChannel): ListedChannel => {
  const { channel } = listed
  const begin: Channel['begin'] = async (order, agreement) => astray(await channel.begin(order, agreement))
  return { ...listed, channel: { ...channel, begin } }
}
const astray = (step: Step): Step => {
  if (step.step === 'call') return { ...step, next: async (reply) => astray(await step.next(reply)) }
  return step.step === 'form' || step.step === 'redirect' ? { ...step, url } : step
}

const ADDRESSES = ['http://bank.example/pay', 'javascript:alert(1)', '//bank.example/pay', 'https://bank@evil.example/']

it.each(ADDRESSES)('a form to %s is never shown, and nothing has begun', async (address) => {
  url = address
  const order = await ordered(hub)
  const page = await chosen(hub, order.payUrl, 'swedbank-lv')
  expect([page.status, page.page]).toEqual([422, 'choose'])
  expect(page.text).not.toContain(address)
  expect((await truth(hub, order.id)).attempts).toEqual([])
})

it.each(ADDRESSES)('a payer is not redirected to %s by a bank’s answer; the answer is kept', async (address) => {
  url = address
  const order = await ordered(hub)
  const answer = await fetch(`${order.payUrl}/choose`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ offer: 'sandbox' }),
  })
  expect(answer.headers.get('location')).toMatch(/^\/pay\/|^http:\/\/localhost:\d+\/pay\//)
  expect((await visit(order.payUrl)).page).toBe('not-paid')
  expect((await truth(hub, order.id)).attempts).toMatchObject([{ status: 'refused', reason: 'not_begun' }])
  expect((await keptMessages(hub)).some(({ purpose }) => purpose === 'begin')).toBe(true)
})

it('an address that is good leads on, and a bad one when the payer comes again does not', async () => {
  url = `${hub.world.root}/sandbox/pay/x`
  const order = await ordered(hub)
  expect((await chosen(hub, order.payUrl, 'swedbank-lv')).url).toContain(hub.world.root)
  url = 'http://bank.example/pay'
  const again = { action: `${order.payUrl}/choose`, method: 'POST', fields: { offer: 'swedbank-lv' } }
  expect((await submit(again)).page).toBe('processing-asking')
})
