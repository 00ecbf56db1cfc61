import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { submit, visit } from '../support/payer.ts'
import { chosen, decided, noticesOf, orderAtBank, ordered, paidThrough, truth } from '../support/story.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const inTime = (ms: number) => ({ expiresAt: toRfc3339(hub.clock.now() + ms) })

describe('the deadline of an order', () => {
  it('closes a payment that is open, not a moment earlier', async () => {
    const order = await ordered(hub, inTime(HOUR_MS))
    await hub.clock.advance(HOUR_MS - MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'open', final: false })
    await hub.clock.advance(2 * MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired', final: true, closing: null })
    expect(noticesOf(hub, order.id)).toEqual(['payment.expired'])
    expect((await visit(order.payUrl)).page).toBe('closed-expired')
  })

  it('waits for the bank while the payer may be there, and then closes by itself', async () => {
    const order = await ordered(hub, inTime(10 * MINUTE_MS))
    await chosen(hub, order.payUrl, 'swedbank-lv')
    await hub.clock.advance(11 * MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', closing: 'expired', final: false })
    expect((await visit(order.payUrl)).page).toBe('closing')
    await hub.clock.advance(30 * HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired', final: true })
    expect((await truth(hub, order.id)).attempts).toMatchObject([{ status: 'lapsed' }])
  })

  it('does not lose money that the bank took in time and told later', async () => {
    const order = await ordered(hub, inTime(10 * MINUTE_MS))
    await chosen(hub, order.payUrl, 'swedbank-lv')
    await hub.clock.advance(11 * MINUTE_MS)
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', closing: null, attention: [] })
    await hub.clock.advance(30 * HOUR_MS)
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.attention', 'payment.executed'])
  })

  it('leads nobody to a bank any more', async () => {
    const order = await ordered(hub, { ...inTime(HOUR_MS), channel: 'sandbox', attempts: 'many' })
    await hub.clock.advance(2 * HOUR_MS)
    for (const url of [order.payUrl, `${order.payUrl}?channel=swedbank-lv`, `${order.payUrl}?choose=yes`])
      expect((await visit(url)).page).toBe('closed-expired')
    const form = { action: `${order.payUrl}/choose`, method: 'POST', fields: { offer: 'sandbox' } }
    expect((await submit(form)).page).toBe('closed-expired')
    expect((await truth(hub, order.id)).attempts).toEqual([])
  })
})

describe('the plan of an attempt', () => {
  it('asks a bank that can be asked until its last moment, and then gives the payer a free hand', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    await hub.clock.advance(10 * MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await hub.clock.advance(20 * MINUTE_MS)
    const after = await truth(hub, order.id)
    expect(after).toMatchObject({ status: 'open', attention: [] })
    expect(after.attempts).toMatchObject([{ status: 'refused', reason: 'expired_at_psp' }])
    expect((await visit(order.payUrl)).page).toBe('not-paid')
  })

  it('ends an order that allows one attempt when that one has lapsed', async () => {
    const order = await ordered(hub, { channel: 'swedbank-lv' })
    await visit(order.payUrl)
    await hub.clock.advance(30 * HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired', final: true, allowedAttempts: 'one' })
  })

  it('calls a person when the bank has taken the payment and says no more', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'wrong_amount')
    await hub.clock.advance(2 * DAY_MS)
    const stuck = await truth(hub, order.id)
    expect(stuck).toMatchObject({ status: 'accepted', final: false })
    expect(stuck.attention).toContain('stuck')
  })
})

describe('a bank’s message about an attempt that the hub does not know yet', () => {
  const verdictOf = async (body: string) =>
    (await keptMessages(hub)).filter((one) => one.body.toString() === body).map(({ verdict }) => verdict)

  /** Attempts are numbered one after another. */
  const nextNumber = async (): Promise<string> => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    return String(Number(orderAtBank(hub, 'sandbox').number) + 1)
  }

  it('is kept, and taken in as soon as the attempt is known', async () => {
    const order = await ordered(hub)
    const notice = bankNotice(hub, { number: await nextNumber(), reference: order.reference })
    expect((await sendNotice(hub, notice)).status).toBe(200)
    expect(await verdictOf(notice.body)).toEqual(['parked'])
    await chosen(hub, order.payUrl, 'sandbox')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await hub.clock.advance(2 * MINUTE_MS)
    expect(await verdictOf(notice.body)).toEqual(['trusted'])
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.executed'])
  })

  it('stays where a person finds it when the attempt does not become known within an hour', async () => {
    const notice = bankNotice(hub, { number: '999999', reference: 'NOBODY' })
    expect((await sendNotice(hub, notice)).status).toBe(200)
    await hub.clock.advance(3 * HOUR_MS)
    expect(await verdictOf(notice.body)).toEqual(['parked'])
  })
})
