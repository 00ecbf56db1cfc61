import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { formsOf, submit, visit } from '../support/payer.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

let made = 0
const order = (more: Readonly<Record<string, unknown>> = {}) => ({
  reference: `NIN-2026-${++made}`,
  amount: 12_345,
  currency: 'EUR',
  description: { lv: 'Nekustamā īpašuma nodoklis 2026', en: 'Property tax 2026' },
  returnUrl: `${hub.shopRoot}/back`,
  ...more,
})

const chosen = async (payUrl: string, offer: string) => {
  const choose = await visit(payUrl)
  expect(choose.page).toBe('choose')
  const form = formsOf(choose).find((one) => one.action.includes('/choose'))
  if (!form) throw new Error(choose.text)
  return submit(form, { offer })
}

describe('a payment through a bank link', () => {
  it('goes from the order to a verified notice', async () => {
    const created = await hub.api('POST', '/v1/payments', order())
    expect(created.status, JSON.stringify(created.body)).toBe(201)
    const going = await chosen(created.body.payUrl, 'swedbank-lv')
    expect(going.page).toBe('going')
    const [bankForm] = formsOf(going).filter((one) => one.action.startsWith(hub.world.root))
    if (!bankForm) throw new Error(going.text)
    const bank = await submit(bankForm)
    expect(bank.status, bank.text).toBe(200)
    const [atBank] = hub.world.orders()
    if (!atBank) throw new Error(bank.text)
    await hub.world.choose('swedbank-lv', atBank.id, 'pay')
    await hub.settle()
    const seen = await hub.api('GET', `/v1/payments/${created.body.id}`)
    expect(seen.body).toMatchObject({ status: 'executed', paidAmount: 12_345, attention: [] })
    expect(hub.notices.map(({ notice }) => notice.type)).toEqual(['payment.started', 'payment.executed'])
    const page = await visit(created.body.payUrl)
    expect(page.page).toBe('paid')
  })
})
