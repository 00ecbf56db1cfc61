import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SECOND_MS, systemClock } from '../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { orderBody, ordered, paidThrough, truth } from '../support/story.ts'

/** The demo's merchant with a second e-service: two that share accounts and agreements, and nothing else. */
const withWaste = (text: string): string =>
  text.replace(
    '  - id: eglupe\n',
    `      - id: waste
        mode: test
        name: { lv: Atkritumi, en: Waste }
        returnOrigins: ["http://localhost:1"]
        offers: [liepkalni-swedbank]
        look: { brandColour: "#1d4f91" }
  - id: eglupe
`,
  )

let hub: TestHub
let kindergarten: { readonly id: string; readonly key: string }
beforeAll(async () => {
  // Stands still until it is moved: how many requests are let through must not depend on how fast this machine is.
  const begun = systemClock.now()
  hub = await startTestHub({ file: withWaste, runsWith: { now: () => begun } })
  kindergarten = await hub.keyOf('kindergarten', ['payer:read'])
})
afterAll(() => hub.stop())

/** Every call of the API about a thing that this e-service owns. */
const calls = (payment: string, event: string) =>
  [
    { method: 'GET', path: `/v1/payments/${payment}` },
    { method: 'POST', path: `/v1/payments/${payment}/cancel` },
    { method: 'POST', path: `/v1/events/${event}/redeliver` },
  ] as const

const EVERY_CALL = [
  { method: 'POST', path: '/v1/payments' },
  { method: 'GET', path: '/v1/payments' },
  { method: 'GET', path: '/v1/channels' },
  { method: 'GET', path: '/v1/events' },
  ...calls(`pay_${'0'.repeat(26)}`, `evt_${'0'.repeat(26)}`),
] as const

describe('who calls', () => {
  it.each(EVERY_CALL)('$method $path is answered 401 without a key', async ({ method, path }) => {
    const answer = await hub.api(method, path, undefined, { headers: { authorization: '' } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(answer.body).toMatchObject({ code: 'unauthorised', detail: expect.stringContaining('Bearer') })
  })

  it.each([
    { what: 'a key that nobody was given', key: `sk_test_${'a'.repeat(52)}`, detail: 'no such API key' },
    { what: 'the like of a live key', key: `sk_live_${'a'.repeat(52)}`, detail: 'no such API key' },
    { what: 'no key at all', key: 'secret', detail: 'Send the header' },
    { what: 'a key and something more', key: 'sk_test_a sk_test_b', detail: 'Send the header' },
  ])('$what is answered 401 with what to do', async ({ key, detail }) => {
    const answer = await hub.api('GET', '/v1/payments', undefined, { key })
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({ code: 'unauthorised', detail: expect.stringContaining(detail) })
  })

  it('a good key with one letter changed is answered 401', async () => {
    const { key } = kindergarten
    const changed = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
    expect((await hub.api('GET', '/v1/payments', undefined, { key })).status).toBe(200)
    expect((await hub.api('GET', '/v1/payments', undefined, { key: changed })).status).toBe(401)
  })

  it('a revoked key is answered 401, the other keys of the e-service go on', async () => {
    const { id, key } = await hub.keyOf('kindergarten')
    expect((await hub.api('GET', '/v1/payments', undefined, { key })).status).toBe(200)
    await hub.composed.merchants.revokeApiKey(id)
    expect((await hub.api('GET', '/v1/payments', undefined, { key })).status).toBe(401)
    expect((await hub.api('GET', '/v1/payments', undefined, { key: kindergarten.key })).status).toBe(200)
  })

  it('a key whose e-service asks without end is told when to go on, and nobody else is held back', async () => {
    const { key } = await hub.keyOf('kindergarten')
    const ask = async () =>
      hub.composed.fetch(
        new Request(`${hub.root}/v1/channels?amount=0`, { headers: { authorization: `Bearer ${key}` } }),
      )
    const answers: Response[] = []
    while (answers.at(-1)?.status !== 429 && answers.length < 20_000) answers.push(await ask())
    const refused = answers.at(-1)
    expect(answers.length).toBeGreaterThan(400)
    expect(answers.slice(0, -1).every(({ status }) => status === 422)).toBe(true)
    expect(await refused?.json()).toMatchObject({ code: 'too_many_requests', status: 429 })
    expect((await hub.api('GET', '/v1/channels')).status).toBe(200)
    const waitSeconds = Number(refused?.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThanOrEqual(1)
    await hub.clock.advance(waitSeconds * SECOND_MS)
    expect((await ask()).status).toBe(422)
  })
})

describe('what another e-service owns', () => {
  it.each(['kindergarten', 'waste'])('is not there, be it of another merchant or of the same: %s', async (eService) => {
    const { key } = await hub.keyOf(eService)
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const { events } = await truth(hub, order.id)
    for (const { method, path } of calls(order.id, events[0]?.id ?? '')) {
      const strange = await hub.api(method, path, undefined, { key })
      expect([strange.status, strange.body.code], path).toEqual([404, 'not_found'])
    }
    for (const list of ['payments', 'events'] as const)
      expect((await hub.api('GET', `/v1/${list}`, undefined, { key })).body[list]).toEqual([])
    const own = await Promise.all(calls(order.id, events[0]?.id ?? '').map(({ method, path }) => hub.api(method, path)))
    expect(own.map(({ status }) => status)).toEqual([200, 409, 202])
  })

  it('is in none of its lists', async () => {
    const mine = await ordered(hub)
    const { key } = kindergarten
    const theirs = await hub.api('POST', '/v1/payments', orderBody(hub), { key })
    const { body } = await hub.api('GET', '/v1/payments', undefined, { key })
    expect(body.payments.map(({ id }) => id)).toEqual([theirs.body.id])
    const byReference = await hub.api('GET', `/v1/payments?reference=${mine.reference}`, undefined, { key })
    expect(byReference.body.payments).toEqual([])
    expect((await hub.api('GET', '/v1/events', undefined, { key })).body.events).toEqual([])
    const offers = (await hub.api('GET', '/v1/channels', undefined, { key })).body.offers
    expect(offers.map(({ id }) => id)).toEqual(['sandbox', 'swedbank-lv'])
  })

  it.each(['pay_0', "pay_' or 1=1 --", `att_${'0'.repeat(26)}`, '%00', '..'])('nor is %j anything', async (id) => {
    const { status, headers } = await hub.api('GET', `/v1/payments/${encodeURIComponent(id)}`)
    expect([404, 200]).toContain(status)
    expect(headers.get('content-type')).toBe(status === 404 ? 'application/problem+json' : 'application/json')
  })
})

describe('personal data', () => {
  const payer = { name: 'Anna Paraudziņa', email: 'anna@paraugs.example', personalCode: '010190-10006' }
  /** As the simulated bank knows the payer. */
  const secrets = ['Paraudziņa', 'anna@paraugs.example', '010190', 'LV18SAND0000000000001']

  it('are shown to a key that may read them, to no other, and are in no notice and no event', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'pay', { payer })
    const plain = await hub.keyOf('property-tax')
    const whole = await truth(hub, order.id)
    expect(whole).toMatchObject({
      payer,
      payersAtBank: [{ name: 'Anna Paraudziņa', account: 'LV18SAND0000000000001' }],
    })
    const { body } = await hub.api('GET', `/v1/payments/${order.id}`, undefined, { key: plain.key })
    expect(body).toEqual({ ...whole, payer: null, payersAtBank: null })
    const listed = await hub.api('GET', '/v1/payments')
    const feed = await hub.api('GET', '/v1/events')
    const notices = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    expect(notices.length).toBe(2)
    expect(feed.body.events.length).toBeGreaterThan(0)
    for (const text of [JSON.stringify(listed.body), JSON.stringify(feed.body), ...notices.map((one) => one.body)]) {
      for (const secret of secrets) expect(text).not.toContain(secret)
      expect(text).not.toContain('payUrl')
    }
  })

  it('are not repeated to a key that ordered but may not read', async () => {
    const { key } = await hub.keyOf('property-tax')
    const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, { payer }), { key })
    expect([status, body.payer]).toEqual([201, null])
  })
})
