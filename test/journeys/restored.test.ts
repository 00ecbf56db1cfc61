import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAY_MS } from '../../src/kernel/time.ts'
import { restored } from '../../src/payments/restored.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, decided, ordered, paidThrough, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** What a restored database has forgotten of a bill that was paid long before; `test/back-up.test.ts` has the whole story. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

it('a payment that was settled long ago tells of a refund by a number that no e-service has seen', async () => {
  const { order } = await paidThrough(hub, 'sandbox', 'pay')
  const sequences = () =>
    hub.notices.flatMap(({ notice }) => (notice.data.payment.id === order.id ? [notice.sequence] : []))
  const heard = sequences()
  await hub.clock.advance(1)
  const now = hub.clock.now()
  await restored(hub.composed.hub, { to: now, since: now, dry: true })
  expect(await restored(hub.composed.hub, { to: now, since: now, dry: false })).toMatchObject({ payments: 0 })
  await hub.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 100 })
  await hub.settle()
  expect(await truth(hub, order.id)).toMatchObject({ refundedAmount: 100 })
  expect(Math.min(...sequences().slice(heard.length))).toBe(Math.max(...heard) + 1_001)
})

it('what a bank promised in an answer that is forgotten cannot be compared: paid by its word, the payment is a person’s when the plan ends', async () => {
  const { id, payUrl } = await ordered(hub)
  await chosen(hub, payUrl, 'sandbox')
  // Restored to the moment between asking the bank and its answer.
  await execute(
    hub.database.url,
    `with kept as (update payments.attempt set kept = '{}', step = null where payment = '${id}')
     delete from payments.fact where payment = '${id}' and key not like 'ordered' and key not like 'begun:%'`,
  )
  const now = hub.clock.now()
  await restored(hub.composed.hub, { to: now, since: now - 1, dry: false })
  await decided(hub, 'sandbox', 'pay')
  await hub.settle()
  expect(await truth(hub, id)).toMatchObject({ status: 'accepted', attention: [] })
  await hub.clock.advance(DAY_MS)
  await hub.settle()
  expect(await truth(hub, id)).toMatchObject({ status: 'accepted', attention: ['stuck'] })
})
