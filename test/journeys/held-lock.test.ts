import { afterAll, beforeAll, expect, it } from 'vitest'
import { statement } from '../../src/platform/db/db.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, orderAtBank, orderBody, ordered, truth } from '../support/story.ts'

/** Somebody at the server's console locks what the hub needs, and goes to lunch. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const LOCK = statement('t.lock', 'lock table payments.payment in access exclusive mode')

it('what waits too long for a lock is told as an outage, undone, and taken when it is repeated', async () => {
  const order = await ordered(hub)
  await chosen(hub, order.payUrl, 'sandbox')
  const { number } = orderAtBank(hub, 'sandbox')
  const notice = bankNotice(hub, { number, reference: order.reference })
  const hurried = await hub.beside({ database: { url: `${hub.database.url}&statement_timeout=300` } })
  const [body, more] = [orderBody(hub), { root: hurried.root, idempotencyKey: 'behind-a-lock' }]
  const asked = { ...hub, root: hurried.root }
  await hub.database.db.tx(async (tx) => {
    await tx.query(LOCK)
    const [created, page, told] = await Promise.all([
      hub.api('POST', '/v1/payments', body, more),
      visit(order.payUrl.replace(hub.root, hurried.root)),
      sendNotice(asked, notice),
    ])
    expect([created.status, created.body.code]).toEqual([503, 'unavailable'])
    expect(Number(created.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([page.status, page.page]).toEqual([503, 'problem-unavailable'])
    expect([told.status, Number(told.headers.get('retry-after'))]).toEqual([503, 2])
  })
  expect((await hub.api('POST', '/v1/payments', body, more)).status).toBe(201)
  expect((await sendNotice(asked, notice)).status).toBe(200)
  expect((await keptMessages(hub)).filter(({ purpose }) => purpose === 'notice').length).toBe(1)
  expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
  await hurried.stop()
})
