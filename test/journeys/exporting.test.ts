import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../src/kernel/time.ts'
import { type Exported, type ExportWanted, exportPayments } from '../../src/payments/index.ts'
import type { Queryable } from '../../src/platform/db/db.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { orderBody, ordered, paidThrough } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** Payments of two merchants, made at a few moments, taken out in pages. */

const payer = { name: 'Anna Paraudziņa', email: 'anna@example.org', personalCode: '010190-10006' }

let hub: TestHub
let half = 0
const ids: string[] = []
beforeAll(async () => {
  hub = await startTestHub()
  const paid = await paidThrough(hub, 'sandbox', 'pay', { payer, description: '=HYPERLINK("https://evil.example")' })
  ids.push(paid.order.id)
  const { key } = await hub.keyOf('kindergarten')
  for (let made = 0; made < 12; made++) {
    const { body } = await hub.api('POST', '/v1/payments', orderBody(hub), made % 3 === 0 ? { key } : {})
    ids.push(body.id)
  }
  // Made in one millisecond, as under load.
  await execute(
    hub.database.url,
    'update payments.payment set created_at = (select max(created_at) from payments.payment)',
  )
  half = hub.clock.now() + 1
  await hub.clock.advance(HOUR_MS)
  ids.push((await ordered(hub, { metadata: { bill: '7' } })).id)
})
afterAll(() => hub.stop())

const exported = async (wanted: Partial<ExportWanted> = {}, page?: number, db: Queryable = hub.database.db) => {
  const all: Exported[] = []
  for await (const one of exportPayments(db, { from: 0, to: hub.clock.now() + 1, ...wanted }, page)) all.push(one)
  return all
}
const idsOf = (all: readonly Exported[]) => all.map(({ payment }) => payment.id)

describe('an export', () => {
  it('tells what was ordered and what became of it, as the API does, and persons apart', async () => {
    const [one] = await exported({ status: 'executed' })
    expect(one?.payment).toMatchObject({
      id: ids[0],
      merchant: 'liepkalni',
      eService: 'property-tax',
      status: 'executed',
      amount: '123.45',
      paidAmount: '123.45',
      refundedAmount: '0.00',
      currency: 'EUR',
      description: '=HYPERLINK("https://evil.example")',
      attempts: 1,
      channel: 'sandbox',
      agreement: 'liepkalni-sandbox',
      bankReference: expect.any(String),
      paidAt: expect.any(String),
    })
    expect(JSON.stringify(one?.payment)).not.toMatch(/Paraudziņa|anna@|010190|LV18SAND/)
    expect(one?.persons).toMatchObject({
      payerName: payer.name,
      payerEmail: payer.email,
      payerPersonalCode: payer.personalCode,
      paidByAccount: expect.stringContaining('SAND'),
    })
  })

  it('names each payment once, by e-service and oldest first, whatever the size of a page', async () => {
    const whole = await exported()
    expect(idsOf(whole).toSorted()).toEqual(ids.toSorted())
    const order = whole.map(({ payment }) => `${payment.merchant}/${payment.eService} ${payment.createdAt}`)
    expect(order).toEqual(order.toSorted())
    for (const page of [1, 2, 7, ids.length]) expect(idsOf(await exported({}, page))).toEqual(idsOf(whole))
  })

  it('keeps to what was asked for', async () => {
    const of = async (wanted: Partial<ExportWanted>) => idsOf(await exported(wanted, 3))
    expect(await of({ merchant: 'nobody' })).toEqual([])
    expect((await of({ merchant: 'liepkalni' })).length + (await of({ merchant: 'eglupe' })).length).toBe(ids.length)
    expect((await of({ eService: 'kindergarten' })).length).toBe(4)
    expect(await of({ from: half })).toEqual(ids.slice(-1))
    expect((await of({ to: half })).toSorted()).toEqual(ids.slice(0, -1).toSorted())
    expect((await of({ status: 'open' })).length).toBe(ids.length - 1)
  })

  it('reads no more at once than a page, however many there are', async () => {
    const sizes: number[] = []
    const counted: Queryable = {
      query: async (statement, values) => {
        const rows = await hub.database.db.query(statement, values)
        if (statement.name === 'payments.export-page') sizes.push(rows.length)
        return rows
      },
    }
    let taken = 0
    for await (const { payment } of exportPayments(counted, { from: 0, to: hub.clock.now() + 1 }, 4)) {
      taken += 1
      // A page is read when the one before it has been taken.
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(taken + 4)
      expect(payment.id).toBeDefined()
    }
    expect(taken).toBe(ids.length)
    expect(Math.max(...sizes)).toBe(4)
  })
})
