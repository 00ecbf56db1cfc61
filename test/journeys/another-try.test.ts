import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { formsOf, submit, visit } from '../support/payer.ts'
import { decided, noticesOf, onward, ordered, truth } from '../support/story.ts'

/** The e-service's own page offers the banks, and sends the payer to another one: `payUrl?channel=<offer>`. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const many = { channel: 'sandbox', attempts: 'many' }
const attemptsOf = async (id: string) =>
  (await truth(hub, id)).attempts.map(({ offer, status }) => `${offer} ${status}`)
/** The payer is sent to this bank by the e-service's page. */
const sentTo = (payUrl: string, offer: string) => visit(`${payUrl}?channel=${offer}&lang=en`)

describe('another try at another bank', () => {
  it('after a refusal goes straight there, and the money is one payment', async () => {
    const order = await ordered(hub, many)
    await onward(hub, await visit(order.payUrl))
    expect((await decided(hub, 'sandbox', 'decline'))?.page).toBe('not-paid')
    const going = await sentTo(order.payUrl, 'swedbank-lv')
    expect(going.page).toBe('going')
    await onward(hub, going)
    expect((await decided(hub, 'swedbank-lv', 'pay'))?.page).toBe('paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox refused', 'swedbank-lv executed'])
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.executed')
    expect(await truth(hub, order.id)).toMatchObject({ paidAmount: 12_345, attention: [] })
  })

  it('that is not offered is said on a page where another can be chosen, and nothing begins', async () => {
    const order = await ordered(hub, { channels: ['sandbox', 'swedbank-lv'], attempts: 'many' })
    for (const offer of ['moon-bank', 'seb-lv', '%22%3E%3Cscript%3E']) {
      const page = await sentTo(order.payUrl, offer)
      expect([page.status, page.page]).toEqual([422, 'choose'])
      expect(page.text).toContain('data-focus')
      expect(page.text).not.toContain('"><script>')
      expect(page.text).toContain('value="swedbank-lv"')
      expect(page.text).not.toContain('value="seb-lv"')
    }
    expect(await attemptsOf(order.id)).toEqual([])
  })

  it('while the first may still be paid is asked about first, as on our own page, and begins once the payer says so', async () => {
    const order = await ordered(hub, { channel: 'swedbank-lv', attempts: 'many' })
    await onward(hub, await visit(order.payUrl))
    const asked = await sentTo(order.payUrl, 'sandbox')
    expect([asked.status, asked.page]).toEqual([200, 'confirm'])
    expect(asked.text).toContain('Swedbank')
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started'])
    const plainly = formsOf(asked).find((form) => form.fields['not-paid'] === 'yes')
    if (!plainly) throw new Error(`nothing to confirm: ${asked.text}`)
    expect((await submit(plainly)).url).toContain(`${hub.world.root}/`)
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started', 'sandbox started'])
    // The first is still heard.
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
  })

  it('finds what the first bank took meanwhile: the bank is asked, and nobody pays twice', async () => {
    const order = await ordered(hub, many)
    await onward(hub, await visit(order.payUrl))
    await decided(hub, 'sandbox', 'both_lost')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    expect((await sentTo(order.payUrl, 'swedbank-lv')).page).toBe('paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox executed'])
  })

  it('once it is paid, or taken and not yet executed, shows the truth', async () => {
    const paid = await ordered(hub, many)
    await onward(hub, await visit(paid.payUrl))
    await decided(hub, 'sandbox', 'pay')
    expect((await sentTo(paid.payUrl, 'swedbank-lv')).page).toBe('paid')
    const taken = await ordered(hub, many)
    await onward(hub, await visit(taken.payUrl))
    await hub.world.choose('sandbox', hub.world.orders().at(0)?.id ?? '', 'processing')
    await hub.settle()
    expect(await truth(hub, taken.id)).toMatchObject({ status: 'accepted' })
    expect((await sentTo(taken.payUrl, 'swedbank-lv')).page).toBe('processing-taken')
    expect(await attemptsOf(taken.id)).toEqual(['sandbox accepted'])
  })
})

describe('an order that allows one attempt', () => {
  it('is not led elsewhere: it says that the other bank is not offered, and which one is', async () => {
    const order = await ordered(hub, { channel: 'sandbox' })
    const page = await sentTo(order.payUrl, 'swedbank-lv')
    expect([page.status, page.page]).toEqual([422, 'choose'])
    expect(page.text).toContain('value="sandbox"')
    expect(page.text).not.toContain('value="swedbank-lv"')
    expect(await attemptsOf(order.id)).toEqual([])
    expect((await sentTo(order.payUrl, 'sandbox')).url).toContain(`${hub.world.root}/`)
  })

  it('shows how the one stands, while it is under way and after it', async () => {
    const order = await ordered(hub, { channel: 'sandbox' })
    await onward(hub, await visit(order.payUrl))
    expect((await sentTo(order.payUrl, 'swedbank-lv')).page).toBe('processing-asking')
    await decided(hub, 'sandbox', 'decline')
    expect((await sentTo(order.payUrl, 'swedbank-lv')).page).toBe('not-paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox refused'])
  })
})

describe('what an e-service’s own page may offer', () => {
  const offered = async (query: string) =>
    (await hub.api('GET', `/v1/channels?${query}`)).body.offers.map((offer) => offer.id)

  it('leads to each bank that it names', async () => {
    const order = await ordered(hub, { attempts: 'many' })
    const offers = await offered('amount=12345&currency=EUR')
    expect(offers).toEqual(['swedbank-lv', 'seb-lv', 'sandbox'])
    for (const offer of offers) {
      const fresh = await ordered(hub, { attempts: 'many' })
      await sentTo(fresh.payUrl, offer)
      expect(await attemptsOf(fresh.id)).toEqual([`${offer} started`])
    }
    expect(await attemptsOf(order.id)).toEqual([])
  })

  it('is only what pays into the account that the order names', async () => {
    expect(await offered('payee=seb')).toEqual(['seb-lv'])
    expect(await offered('payee=swedbank')).toEqual(['swedbank-lv', 'sandbox'])
    const order = await ordered(hub, { payee: 'seb', attempts: 'many' })
    expect((await sentTo(order.payUrl, 'sandbox')).status).toBe(422)
    expect((await sentTo(order.payUrl, 'seb-lv')).page).toBe('going')
    const { status, body } = await hub.api('GET', '/v1/channels?payee=nobody')
    expect([status, body.code]).toEqual([422, 'unknown_payee'])
  })
})
