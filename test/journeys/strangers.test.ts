import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statement } from '../../src/platform/db/db.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, ordered, truth } from '../support/story.ts'

/** Who knows an address and nothing else. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const COUNT = statement<{ asked: number; hints: number; parked: number }>(
  't.count',
  `select count(*) filter (where purpose = 'enquire' and direction = 'out') as asked,
     count(*) filter (where purpose = 'back') as hints, count(*) filter (where verdict = 'parked') as parked
   from payments.message`,
)
const counted = async () => {
  const [row] = await hub.database.db.query(COUNT)
  if (!row) throw new Error('nothing was counted')
  return row
}
const HEADERS_OF = statement<{ headers: Record<string, string> }>(
  't.headers',
  `select headers from payments.message where url like '%cookies=yes%'`,
)
const attemptOf = async (id: string) => (await truth(hub, id)).attempts[0]?.id ?? ''

describe('a payer’s return that proves nothing', () => {
  it('makes the hub ask the bank once, however often it is loaded again', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const back = `${hub.root}/psp/sandbox/liepkalni-sandbox/${await attemptOf(order.id)}/back`
    const before = await counted()
    for (let load = 0; load < 5; load++) await visit(back)
    expect((await counted()).asked - before.asked).toBe(1)
    await hub.clock.advance(5_000)
    await visit(back)
    expect((await counted()).asked - before.asked).toBeGreaterThan(1)
  })

  it('for an attempt that is none waits for nothing', async () => {
    const before = await counted()
    await visit(`${hub.root}/psp/sandbox/liepkalni-sandbox/att_00000000000000000000000000/back`)
    const after = await counted()
    expect([after.hints - before.hints, after.parked - before.parked]).toEqual([1, 0])
  })

  it('at another agreement’s address opens no payment', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const seen = await visit(`${hub.root}/psp/swedbank-lv/liepkalni-swedbank/${await attemptOf(order.id)}/back?x=1`)
    expect([seen.page, seen.url.includes('/pay/')]).toEqual(['problem-bad_request', false])
  })

  it('is kept without the keys it carries', async () => {
    await visit(`${hub.root}/psp/sandbox/liepkalni-sandbox/back?cookies=yes`, {
      headers: { cookie: 'session=1', authorization: 'Bearer sk_test_x', 'x-kept': 'yes' },
    })
    const [kept] = await hub.database.db.query(HEADERS_OF)
    expect(kept?.headers).toMatchObject({ cookie: '[secret]', authorization: '[secret]', 'x-kept': 'yes' })
  })
})

describe('an address that leads straight to the bank', () => {
  it.each([
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }],
  ])('begins nothing for who only looks: %s %j', async (method, headers) => {
    const order = await ordered(hub, { channel: 'swedbank-lv' })
    const looked = await fetch(order.payUrl, { method, headers: { ...headers } })
    expect(looked.status).toBe(503)
    expect((await truth(hub, order.id)).attempts).toEqual([])
    expect((await visit(order.payUrl)).page).toBe('going')
  })
})
