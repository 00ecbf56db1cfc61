import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statement } from '../../src/platform/db/db.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, decided, orderBody, ordered } from '../support/story.ts'

/** Texts that PostgreSQL, or a reader of JSON, does not take: a mistake of the caller, never a fault of the hub. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const NUL = '\u0000'
const LONE = '\ud800'

describe('an order with characters that cannot be stored', () => {
  it.each([
    ['description', { description: `tax${NUL}` }],
    ['description', { description: { lv: `nodoklis ${LONE}` } }],
    ['payer.name', { payer: { name: `Anna${NUL}` } }],
    ['metadata.note', { metadata: { note: NUL } }],
    ['metadata', { metadata: { [`note${LONE}`]: 'x' } }],
    ['returnUrl', { returnUrl: `http://shop.example/${NUL}` }],
    ['channel', { channel: `swedbank-lv${NUL}` }],
  ])('is told which field is wrong: %s', async (_, more) => {
    const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, more))
    expect(status, JSON.stringify(body)).toBe(422)
  })

  it.each([
    ['POST', '/v1/payments/%00/cancel'],
    ['POST', '/v1/events/%00/redeliver'],
    ['GET', '/v1/payments/%00'],
    ['GET', '/v1/payments?reference=%00'],
    ['GET', '/v1/events?after=%00'],
    ['GET', '/v1/payments?after=%00'],
  ] as const)('%s %s is no fault', async (method, path) => {
    const { status, body } = await hub.api(method, path, method === 'POST' ? {} : undefined)
    expect([404, 422], JSON.stringify(body)).toContain(status)
  })

  it('is refused with a key called __proto__, which would be lost on the way', async () => {
    const text = JSON.stringify(orderBody(hub)).replace(/}$/, ',"metadata":{"__proto__":"x","a":"b"}}')
    const { status, body } = await hub.api('POST', '/v1/payments', text)
    expect([status, body.code, body.errors[0]?.path]).toEqual([422, 'invalid_fields', 'metadata'])
  })

  it('is not guessed at where its bytes are no UTF-8', async () => {
    const response = await fetch(`${hub.root}/v1/payments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${(await hub.keyOf('property-tax')).key}`,
        'content-type': 'application/json',
        'idempotency-key': 'bytes',
      },
      body: Buffer.from(JSON.stringify(orderBody(hub, { description: 'Ä' })), 'latin1'),
    })
    expect(response.status).toBe(400)
  })
})

describe('a bank’s message with such characters', () => {
  it.each([
    ['GET', '/psp/swedbank-lv/liepkalni-swedbank/notice?VK_SERVICE=1111&VK_STAMP=%00&VK_MAC=%00&VK_SND_NAME=%00'],
    ['GET', '/psp/sandbox/liepkalni-sandbox/back?x=%00'],
    ['GET', '/psp/sandbox/%00/back'],
    ['GET', '/psp/%00/liepkalni-sandbox/back'],
  ])('%s %s is no fault', async (_, path) => {
    const seen = await visit(hub.root + path)
    expect(seen.status, seen.text.slice(0, 300)).toBeLessThan(500)
  })
})

describe('a payer’s form that no browser sends', () => {
  it('is a mistake, not a fault', async () => {
    const order = await ordered(hub)
    const seen = await visit(`${order.payUrl}/choose`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data' },
      body: 'x',
    })
    expect(seen.status).toBeLessThan(500)
    await chosen(hub, order.payUrl, 'swedbank-lv')
  })
})

describe('a signed message that is sent again with a parameter more', () => {
  const FACTS = statement<{ many: number }>('t.facts', 'select count(*) as many from payments.fact where payment = $1')
  const RETURNED = statement<{ url: string }>(
    't.returned',
    "select url from payments.message where payment = $1 and method = 'GET' and direction = 'in' order by at desc limit 1",
  )
  it('adds no fact', async () => {
    const { db } = hub.database
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'swedbank-lv')
    await decided(hub, 'swedbank-lv', 'pay')
    const before = await db.query(FACTS, [order.id])
    const [message] = await db.query(RETURNED, [order.id])
    if (!message) throw new Error('nobody came back')
    for (let turn = 0; turn < 3; turn++) await visit(`${message.url}&more=${turn}`)
    expect(await db.query(FACTS, [order.id])).toEqual(before)
  })
})

describe('an order whose notice would be too large', () => {
  it.each([
    ['description', { description: Object.fromEntries([...'abcdefg'].map((one) => [`${one}a`, 'tax'])) }],
    ['metadata', { metadata: Object.fromEntries([...'abcdefghijklmnop'].map((one) => [one, 'ā'.repeat(200)])) }],
    ['channel', { channel: 'swedbank-lv', channels: ['sandbox'] }],
  ])('or that contradicts itself is told so: %s', async (path, more) => {
    const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, more))
    expect([status, body.errors?.[0]?.path]).toEqual([422, path])
  })
})
