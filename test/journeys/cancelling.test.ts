import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { formsOf, submit, visit } from '../support/payer.ts'
import { chosen, decided, noticesOf, ordered, paidThrough, truth } from '../support/story.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const cancel = (id: string) => hub.api('POST', `/v1/payments/${id}/cancel`)

describe('an e-service cancels', () => {
  it('a payment that nobody began, at once', async () => {
    const order = await ordered(hub)
    const { status, body } = await cancel(order.id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'cancelled', final: true, closing: null })
    await hub.settle()
    expect(noticesOf(hub, order.id)).toEqual(['payment.cancelled'])
    expect((await visit(order.payUrl)).page).toBe('closed-cancelled')
  })

  it('a payment that the payer gave up at the bank, at once', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'cancel')
    expect((await cancel(order.id)).status).toBe(200)
    await hub.settle()
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.open', 'payment.cancelled'])
  })

  it.each([
    { final: 'paid', make: async () => (await paidThrough(hub, 'swedbank-lv', 'pay')).order, is: 'executed' },
    {
      final: 'cancelled',
      make: () => ordered(hub).then(async (one) => (await cancel(one.id)) && one),
      is: 'cancelled',
    },
  ])('nothing that is $final: 409', async ({ make, is }) => {
    const order = await make()
    const { status, body } = await cancel(order.id)
    expect([status, body.code, body.title]).toEqual([409, 'already_final', `The payment is ${is}`])
    expect(await truth(hub, order.id)).toMatchObject({ status: is })
  })
})

/** While a bank may still take the money the answer is 202; it ends by itself, the one way or the other. */
describe('while the payer may be at the bank', () => {
  const closing = async (channel: string, more: Readonly<Record<string, unknown>> = {}) => {
    const order = await ordered(hub, more)
    await chosen(hub, order.payUrl, channel)
    const { status, body } = await cancel(order.id)
    expect(status).toBe(202)
    expect(body).toMatchObject({ status: 'started', final: false, closing: 'cancelled' })
    return order
  }

  it('a second cancel says the same', async () => {
    const order = await closing('swedbank-lv')
    const again = await cancel(order.id)
    expect([again.status, again.body.closing]).toEqual([202, 'cancelled'])
    await hub.settle()
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.attention'])
  })

  it('no attempt can begin, and the page says that it ends', async () => {
    const order = await closing('swedbank-lv')
    for (const url of [order.payUrl, `${order.payUrl}?choose=yes`, `${order.payUrl}?channel=sandbox`])
      expect((await visit(url)).page, url).toBe('closing')
    const banks = hub.world.orders().length
    const form = { action: `${order.payUrl}/choose`, method: 'POST', fields: { offer: 'sandbox', 'not-paid': 'yes' } }
    expect((await submit(form)).page).toBe('closing')
    expect(hub.world.orders().length).toBe(banks)
    expect((await truth(hub, order.id)).attempts.length).toBe(1)
  })

  it.each([
    { channel: 'swedbank-lv', choice: 'pay' },
    { channel: 'sandbox', choice: 'return_lost' },
    { channel: 'sandbox', choice: 'both_lost' },
  ])('it is executed when the money comes: $channel $choice', async ({ channel, choice }) => {
    const order = await closing(channel)
    await decided(hub, channel, choice)
    await hub.clock.advance(2 * MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', closing: null, attention: [] })
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.executed')
    expect((await cancel(order.id)).status).toBe(409)
  })

  it.each([
    { channel: 'sandbox', choice: 'cancel', withinMs: 0, says: 'as soon as the bank says that it was not paid' },
    {
      channel: 'sandbox',
      choice: 'close_window',
      withinMs: HOUR_MS,
      says: 'when the bank says that it cannot be paid any more',
    },
    {
      channel: 'swedbank-lv',
      choice: 'close_window',
      withinMs: 30 * HOUR_MS,
      says: 'after the last moment of a bank that cannot be asked',
    },
  ])('it is cancelled by itself $says', async ({ channel, choice, withinMs }) => {
    const order = await closing(channel)
    await decided(hub, channel, choice)
    await hub.clock.advance(withinMs)
    await hub.settle()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'cancelled', final: true, closing: null })
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.cancelled')
    expect((await visit(order.payUrl)).page).toBe('closed-cancelled')
  })

  it('money that comes after it ended is taken in, and a person is told', async () => {
    const order = await closing('swedbank-lv')
    await hub.clock.advance(30 * HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'cancelled' })
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', attention: ['paid_late'] })
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.executed')
    expect((await visit(order.payUrl)).page).toBe('attention-paid_late')
  })
})

describe('the payer goes back to the e-service', () => {
  const back = async (payUrl: string) => {
    const [form] = formsOf(await visit(payUrl)).filter((one) => one.action.includes('/return'))
    if (!form) throw new Error('no way back')
    return new URL((await submit(form)).url)
  }

  it('after a refusal: the payment is closed as refused', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'decline')
    const at = await back(order.payUrl)
    expect([at.origin, at.pathname, at.searchParams.get('status')]).toEqual([hub.shopRoot, '/back', 'refused'])
    expect(await truth(hub, order.id)).toMatchObject({ status: 'refused', final: true })
    await hub.settle()
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.open', 'payment.refused'])
  })

  it('before choosing a bank: the payment is cancelled', async () => {
    const order = await ordered(hub)
    const at = await back(order.payUrl)
    expect(Object.fromEntries(at.searchParams)).toMatchObject({
      payment: order.id,
      reference: order.reference,
      status: 'cancelled',
    })
    expect(await truth(hub, order.id)).toMatchObject({ status: 'cancelled' })
  })

  it('while a bank may still take the money: nothing is given up', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'swedbank-lv')
    const form = { action: `${order.payUrl}/return`, method: 'POST', fields: {} }
    const at = new URL((await submit(form)).url)
    expect(at.searchParams.get('status')).toBe('started')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', closing: null })
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })

  it('once it is paid: the e-service hears so', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    expect((await back(order.payUrl)).searchParams.get('status')).toBe('executed')
  })

  it('keeps what the return address held', async () => {
    const order = await ordered(hub, { returnUrl: `${hub.shopRoot}/back?bill=7#paid` })
    const at = await back(order.payUrl)
    expect([at.searchParams.get('bill'), at.hash]).toEqual(['7', '#paid'])
  })
})
