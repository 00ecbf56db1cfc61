import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bankNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, orderAtBank, ordered, truth } from '../support/story.ts'

/** Somebody asks without end. The hub's clock stands still, so that no place becomes free meanwhile. */

const NOW = 1_800_000_000_000
const STRANGER = '198.51.100.7'
const PROXY = '192.0.2.1'
const BURST = 1_000

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ runsWith: { now: () => NOW }, trustedProxies: ['192.0.2.0/28'] })
})
afterAll(() => hub.stop())

const ask = (path: string, peer: string, headers: Readonly<Record<string, string>> = {}) =>
  hub.composed.fetch(new Request(hub.root + path, { headers }), peer)
/** Uses up what this peer may ask. */
const exhaust = async (peer: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
  for (let n = 0; n < BURST; n++) expect((await ask('/', peer, headers)).status).toBe(200)
}

describe('a peer that asks without end', () => {
  beforeAll(() => exhaust(STRANGER))

  it.each(['/', '/pay/unknown', '/docs', '/no-such-page', '/pay/unknown/receipt'])(
    'is told to wait, on a page, at %s',
    async (path) => {
      const answer = await ask(path, STRANGER)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1'])
      expect(await answer.text()).toContain('data-page="problem-too_many"')
    },
  )

  it('is told so in JSON where programs read', async () => {
    const answer = await ask('/v1/openapi.json', STRANGER)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1'])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ code: 'too_many_requests', status: 429 })
  })

  it('hinders nobody else, and no API key, picture or watcher', async () => {
    expect((await ask('/', '198.51.100.8')).status).toBe(200)
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path, STRANGER)).status).toBe(200)
    expect((await ask('/assets/none.css', STRANGER)).status).toBe(404)
    const { key } = await hub.keyOf('property-tax')
    expect((await ask('/v1/payments', STRANGER, { authorization: `Bearer ${key}` })).status).toBe(200)
  })

  it('costs no bank’s message: it is taken though it comes from that very address', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { body, signature } = bankNotice(hub, {
      number: orderAtBank(hub, 'sandbox').number,
      reference: order.reference,
    })
    const request = new Request(`${hub.root}/psp/sandbox/liepkalni-sandbox/notice`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sandbox-signature': signature },
      body,
    })
    expect((await hub.composed.fetch(request, STRANGER)).status).toBe(200)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })
})

describe('behind a proxy', () => {
  it('that is trusted each payer is counted alone, and nobody twice', async () => {
    expect((await ask('/', PROXY, { 'x-forwarded-for': STRANGER })).status).toBe(429)
    expect((await ask('/', PROXY, { 'x-forwarded-for': `203.0.113.1, ${STRANGER}` })).status).toBe(429)
    expect((await ask('/', PROXY, { 'x-forwarded-for': `${STRANGER}, 203.0.113.1` })).status).toBe(200)
  })

  it('that is not trusted nobody says by a header who they are', async () => {
    expect((await ask('/', STRANGER, { 'x-forwarded-for': '203.0.113.77' })).status).toBe(429)
  })

  it.each([
    ['of an inner network that nothing is known of', '10.9.9.9'],
    ['that is trusted and does not say for whom it asks', PROXY],
  ])('%s payers are not locked out together', async (_which, peer) => {
    await exhaust(peer)
    expect((await ask('/', peer)).status).toBe(200)
  })
})
