import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Node, startTestHub, type TestHub } from '../../test/support/hub.ts'
import { chosen, decided, noticesOf, ordered, truth } from '../../test/support/story.ts'
import { MODULES, readModules } from './modules.ts'

describe('the names of modules', () => {
  it.each([
    [undefined, [...MODULES]],
    ['notices', ['notices']],
    [' payments , notices ', ['payments', 'notices']],
  ])('%j means %j', (text, names) => {
    expect(readModules(text)).toEqual({ ok: true, value: names })
  })

  it.each(['', 'payments,', 'sandbox', 'notices,sandbox'])('"%s" is refused with the names there are', (text) => {
    const read = readModules(text)
    expect(read.ok ? '' : read.error).toMatch(
      /^--modules: there is no module ".*": name one or more of payments,notices$/,
    )
  })
})

describe('a process for payments and one for notices', () => {
  let payments: TestHub
  let notices: Node
  beforeAll(async () => {
    payments = await startTestHub({ modules: ['payments'] })
    notices = await payments.beside({ modules: ['notices'] })
  })
  afterAll(async () => {
    await notices.stop()
    await payments.stop()
  })

  it('take a payment together: one hears the bank, the other tells the e-service', async () => {
    const order = await ordered(payments)
    await chosen(payments, order.payUrl, 'swedbank-lv')
    await decided(payments, 'swedbank-lv', 'pay')
    await payments.settle()
    expect((await truth(payments, order.id)).status).toBe('executed')
    expect(noticesOf(payments, order.id)).toEqual([])
    await notices.composed.drain()
    expect(noticesOf(payments, order.id)).toEqual(['payment.started', 'payment.executed'])
  })

  it('deliver at work too, once both were begun', async () => {
    const order = await ordered(payments)
    await payments.api('POST', `/v1/payments/${order.id}/cancel`, {})
    await Promise.all([payments.composed.work(), notices.composed.work()])
    await expect.poll(() => noticesOf(payments, order.id), { timeout: 5_000 }).toEqual(['payment.cancelled'])
  })

  it('are both ready, and the one that serves nobody asks to be tried elsewhere', async () => {
    expect((await fetch(`${notices.root}/readyz`)).status).toBe(200)
    expect((await fetch(`${notices.root}/metrics`)).status).toBe(200)
    for (const path of ['/v1/payments', '/pay/abc', '/psp/swedbank-lv/liepkalni-swedbank/notice']) {
      expect((await fetch(notices.root + path)).status).toBe(503)
    }
  })
})
