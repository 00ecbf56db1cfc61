import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { bankNotice, sendNotice } from '../support/bank-notice.ts'
import { type Node, startTestHub, type TestHub } from '../support/hub.ts'
import { submit, visit } from '../support/payer.ts'
import { chosen, noticesOf, onward, orderAtBank, ordered, truth } from '../support/story.ts'

/** Several hubs on one database need nothing but the database. */

let hub: TestHub
let second: Node
beforeAll(async () => {
  hub = await startTestHub()
  second = await hub.beside()
})
afterAll(async () => {
  await second.stop()
  await hub.stop()
})

const throughSecond = (url: string): string => url.replace(hub.root, second.root)

describe('two hubs on one database', () => {
  it('carry one payment together: ordered here, begun there, told here, seen there', async () => {
    const order = await ordered(hub)
    const going = await submit({
      action: throughSecond(`${order.payUrl}/choose`),
      method: 'POST',
      fields: { offer: 'sandbox' },
    })
    expect(going.url).toContain(hub.world.root)
    const { number } = orderAtBank(hub, 'sandbox')
    expect((await sendNotice(hub, bankNotice(hub, { number, reference: order.reference }))).status).toBe(200)
    const seen = await hub.api('GET', `/v1/payments/${order.id}`, undefined, { root: second.root })
    expect(seen.body).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect((await visit(throughSecond(order.payUrl))).page).toBe('paid')
    await Promise.all([hub.composed.drain(), second.composed.drain()])
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.executed'])
  })

  it('never give two attempts one number', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => ordered(hub)))
    const attempts = await Promise.all(
      orders.map(async ({ id, payUrl }, place) => {
        const action = place % 2 === 0 ? `${payUrl}/choose` : throughSecond(`${payUrl}/choose`)
        await onward(hub, await submit({ action, method: 'POST', fields: { offer: 'swedbank-lv' } }))
        return (await truth(hub, id)).attempts[0]
      }),
    )
    expect(new Set(attempts.map((attempt) => attempt?.number)).size).toBe(20)
  })

  it('hear one message that comes to both at once as one', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const notice = bankNotice(hub, { number: orderAtBank(hub, 'sandbox').number, reference: order.reference })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, place) =>
        sendNotice(place % 2 === 0 ? hub : { ...hub, root: second.root }, notice),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    await Promise.all([hub.composed.drain(), second.composed.drain()])
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.executed'])
  })

  it('do each job once: deadlines pass on both, each payment expires once and each notice is sent once', async () => {
    const expiresAt = toRfc3339(hub.clock.now() + 10 * MINUTE_MS)
    const orders = await Promise.all(Array.from({ length: 20 }, () => ordered(hub, { expiresAt })))
    hub.clock.onMove({ settle: second.composed.drain })
    const moved = hub.clock.advance(HOUR_MS)
    await Promise.all([moved, hub.composed.drain(), second.composed.drain()])
    await Promise.all([hub.composed.drain(), second.composed.drain()])
    for (const { id } of orders) {
      expect(await truth(hub, id)).toMatchObject({ status: 'expired' })
      expect(noticesOf(hub, id)).toEqual(['payment.expired'])
    }
  })

  it('know of a new key, of a change to the configuration and of a revoked key by themselves', async () => {
    const { id, key } = await hub.keyOf('property-tax')
    const offers = async () => {
      const { status, body } = await hub.api('GET', '/v1/channels', undefined, { root: second.root, key })
      return status === 200 ? body.offers.map((offer) => offer.id) : status
    }
    await expect.poll(offers, { timeout: 5_000 }).toEqual(['swedbank-lv', 'seb-lv', 'sandbox'])
    await hub.apply((text) =>
      text.replace('[liepkalni-swedbank, liepkalni-seb, liepkalni-sandbox]', '[liepkalni-sandbox, liepkalni-swedbank]'),
    )
    await expect.poll(offers, { timeout: 5_000 }).toEqual(['sandbox', 'swedbank-lv'])
    await hub.composed.merchants.revokeApiKey(id)
    await expect.poll(offers, { timeout: 5_000 }).toBe(401)
  })
})
