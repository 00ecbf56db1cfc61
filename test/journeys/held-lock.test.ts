import { afterAll, beforeAll, expect, it } from 'vitest'
import { statement } from '../../src/platform/db/db.ts'
import { type Fields, silentLog } from '../../src/platform/log.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, orderAtBank, orderBody, ordered, truth } from '../support/story.ts'

/** Somebody at the server's console locks what the hub needs, and goes to lunch. */

let hub: TestHub
const told: { readonly fields: Fields; readonly sentence: string }[] = []
beforeAll(async () => {
  const warn = (fields: Fields, sentence: string) => told.push({ fields, sentence })
  hub = await startTestHub({ log: { ...silentLog, warn } })
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
    const [created, page, notified] = await Promise.all([
      hub.api('POST', '/v1/payments', body, more),
      visit(order.payUrl.replace(hub.root, hurried.root)),
      sendNotice(asked, notice),
    ])
    expect([created.status, created.body.code, created.body.title]).toEqual([503, 'unavailable', 'The hub is too busy'])
    expect(Number(created.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([page.status, page.page]).toEqual([503, 'problem-unavailable'])
    expect([notified.status, Number(notified.headers.get('retry-after'))]).toEqual([503, 2])
  })
  for (const route of ['/v1/payments', '/pay/:token']) {
    const line = told.find(({ fields }) => fields.route === route)
    expect(line?.fields.cause, route).toBe('canceling statement due to statement timeout')
    expect(line?.sentence, route).toMatch(/^the database ended payments\.[a-z-]+: /)
  }
  expect((await hub.api('POST', '/v1/payments', body, more)).status).toBe(201)
  expect((await sendNotice(asked, notice)).status).toBe(200)
  expect((await keptMessages(hub)).filter(({ purpose }) => purpose === 'notice').length).toBe(1)
  expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
  await hurried.stop()
})
