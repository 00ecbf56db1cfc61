import { createPublicKey, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type HubClient, openHub, verifyNotice, verifyReturn } from '../../src/sdk/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { submit } from '../support/payer.ts'
import { chosen, decided, orderBody, paidThrough } from '../support/story.ts'

/** An e-service that uses the SDK and nothing else, against a whole hub. */

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
})

let hub: TestHub
let client: HubClient
let apiKey = ''
const waits: number[] = []
const wait = async (ms: number) => void waits.push(ms)

beforeAll(async () => {
  hub = await startTestHub()
  apiKey = (await hub.keyOf('property-tax')).key
  client = openHub({ url: hub.root, apiKey })
})
afterAll(() => hub.stop())

const ordered = async () => {
  const made = await client.createPayment(orderBody(hub))
  if (!made.ok) throw new Error(made.problem.detail)
  return made.value
}
const keysOf = async () => {
  const [keys] = await hub.composed.notices.addresses('property-tax')
  if (!keys) throw new Error('property-tax has no notice address')
  return keys
}

describe('from order to notice', () => {
  it('believes the hub’s real notice and return, and independent verifiers agree', async () => {
    const payment = await ordered()
    await chosen(hub, payment.payUrl, 'swedbank-lv')
    await decided(hub, 'swedbank-lv', 'pay')
    await hub.settle()
    const executed = hub.notices.find(({ notice }) => notice.type === 'payment.executed')
    if (!executed) throw new Error('no notice came')
    const { headers, body } = executed
    const { secret, publicKey } = await keysOf()
    const check = { headers, body, keys: [secret, publicKey], eService: 'property-tax', now: hub.clock.now() }

    const told = (await client.getPayment(payment.id)).ok
    expect(told).toBe(true)
    expect(verifyNotice(check)).toMatchObject({
      kind: 'new',
      notice: { type: 'payment.executed', data: { payment: { id: payment.id, paidAmount: 12_345 } } },
    })
    expect(verifyNotice({ ...check, headers: new Headers(headers) }).kind).toBe('new')
    expect(verifyNotice({ ...check, lastSequence: () => executed.notice.sequence }).kind).toBe('passed')
    expect(verifyNotice({ ...check, eService: 'water' })).toEqual({ kind: 'refused', reason: 'other_e_service' })
    expect(verifyNotice({ ...check, body: `${body} ` })).toEqual({ kind: 'refused', reason: 'signature' })

    const signatures = headers['webhook-signature'] ?? ''
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
    const der = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(publicKey.slice('whpk_'.length), 'base64'),
    ])
    const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    const v1a = Buffer.from(/v1a,(\S+)/.exec(signatures)?.[1] ?? '', 'base64')
    expect(verify(null, signed, createPublicKey({ key: der, format: 'der', type: 'spki' }), v1a)).toBe(true)
  })

  it('believes the return token until it is old, altered or another’s', async () => {
    const payment = await ordered()
    const back = await submit({ action: `${payment.payUrl}/return`, method: 'POST', fields: {} })
    const token = new URL(back.url).searchParams.get('token') ?? ''
    const now = hub.clock.now()
    const check = { token, keys: client.returnKeys, issuer: hub.root, eService: 'property-tax', now }
    expect(await verifyReturn(check)).toMatchObject({ ok: true, payment: payment.id, status: 'cancelled' })
    const reasonOf = async (change: Partial<typeof check>) => {
      const answer = await verifyReturn({ ...check, ...change })
      return answer.ok ? 'believed' : answer.reason
    }
    const [head, payload = '', signature] = token.split('.')
    const better = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('cancelled', 'executed'))
    expect(await reasonOf({ token: [head, better.toString('base64url'), signature].join('.') })).toBe('signature')
    expect(await reasonOf({ now: now + 601_000 })).toBe('expired')
    expect(await reasonOf({ eService: 'water' })).toBe('not_for_us')
    expect(await reasonOf({ issuer: 'https://other.example' })).toBe('not_for_us')
    expect(await reasonOf({ token: 'rubbish' })).toBe('malformed')
    expect(await reasonOf({ keys: async () => [] })).toBe('unknown_key')
  })

  it('believes a return that a new key of the hub signed, and those of the former one', async () => {
    const own = openHub({ url: hub.root, apiKey })
    const carried = async () => {
      const { payUrl } = await ordered()
      const { url } = await submit({ action: `${payUrl}/return`, method: 'POST', fields: {} })
      return new URL(url).searchParams.get('token') ?? ''
    }
    const before = await carried()
    const check = { keys: own.returnKeys, issuer: hub.root, eService: 'property-tax' }
    const now = hub.clock.now()
    expect((await verifyReturn({ ...check, token: before, now })).ok).toBe(true)
    await hub.composed.tokens.rotate()
    const after = await carried()
    for (const token of [after, before]) {
      expect((await verifyReturn({ ...check, token, now: now + 60_000 })).ok).toBe(true)
    }
  })
})

describe('the calls', () => {
  it('are all that the API has', async () => {
    const documented = Document.parse(await (await fetch(`${hub.root}/v1/openapi.json`)).json())
    const operations = Object.values(documented.paths).flatMap((methods) => Object.values(methods))
    // Each operation of the document by the name of its call.
    const calls: Readonly<Record<string, keyof HubClient>> = {
      createPayment: 'createPayment',
      listPayments: 'listPayments',
      getPayment: 'getPayment',
      cancelPayment: 'cancelPayment',
      refundPayment: 'refundPayment',
      getReceipt: 'getReceipt',
      getRefund: 'getRefund',
      listChannels: 'listChannels',
      listEvents: 'events',
      redeliverEvent: 'redeliver',
    }
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(calls).toSorted())
    for (const call of Object.values(calls)) expect(client[call]).toBeTypeOf('function')
  })

  it('pay back, tell what became of it, and send a notice again', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'pay')
    const idempotencyKey = `back-${order.reference}`
    const asked = await client.refundPayment(order.id, { amount: 345 }, { idempotencyKey })
    expect(asked).toMatchObject({ ok: true, value: { amount: 345, status: 'requested', origin: 'e-service' } })
    expect(await client.refundPayment(order.id, { amount: 345 }, { idempotencyKey })).toEqual(asked)
    await hub.settle()
    const refund = asked.ok ? asked.value.id : ''
    expect(await client.getRefund(order.id, refund)).toMatchObject({ ok: true, value: { id: refund, status: 'done' } })
    expect(await client.refundPayment(order.id, { amount: 12_001 })).toMatchObject({
      ok: false,
      problem: { code: 'exceeds_paid', status: 409 },
    })

    const [first] = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    const event = first?.headers['webhook-id'] ?? ''
    expect(await client.redeliver(event)).toEqual({ ok: true, value: { queued: true } })
    await hub.settle()
    expect(hub.notices.filter(({ headers }) => headers['webhook-id'] === event)).toHaveLength(2)
    const whole = await client.getPayment(order.id)
    expect(whole.ok && whole.value.events.map(({ id }) => id)).toContain(event)
  })

  it('are one call under one key of the e-service’s own, and another body under it is refused', async () => {
    const body = orderBody(hub)
    const key = { idempotencyKey: `order-${body.reference}` }
    const first = await client.createPayment(body, key)
    expect(first.ok).toBe(true)
    expect(await client.createPayment(body, key)).toEqual(first)
    expect(await client.createPayment({ ...body, amount: 1 }, key)).toMatchObject({
      ok: false,
      problem: { code: 'idempotency_key_reused', status: 422 },
    })
  })

  it('list, cancel, offer and catch up', async () => {
    const payment = await ordered()
    expect(await client.listPayments({ reference: payment.reference })).toMatchObject({
      ok: true,
      value: { payments: [{ id: payment.id }], next: null },
    })
    expect(await client.cancelPayment(payment.id)).toMatchObject({ ok: true, value: { status: 'cancelled' } })
    expect(await client.listChannels({ amount: 100, language: 'en' })).toMatchObject({
      ok: true,
      value: { offers: expect.arrayContaining([expect.objectContaining({ id: expect.any(String) })]) },
    })
    await hub.settle()
    expect(await client.events(undefined, 1)).toMatchObject({ ok: true, value: { events: [expect.anything()] } })
  })

  it('tell what is wrong, where, and which payment is in the way', async () => {
    const payment = await ordered()
    expect(await client.createPayment({ ...orderBody(hub), amount: 0 })).toMatchObject({
      ok: false,
      problem: { code: 'invalid_fields', status: 422, path: 'amount' },
    })
    expect(await client.createPayment({ ...orderBody(hub), reference: payment.reference })).toMatchObject({
      ok: false,
      problem: { code: 'reference_in_use', status: 409, payment: payment.id },
    })
    expect(await openHub({ url: hub.shopRoot, apiKey }).getPayment('pay_x')).toMatchObject({
      ok: false,
      problem: { code: 'not_the_hub' },
    })
  })

  it('repeat an order whose answers were lost, and it is one payment', async () => {
    const keys: (string | null)[] = []
    const flaky: typeof fetch = async (input, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'))
      const answer = await fetch(input, init)
      if (keys.length === 1) throw new TypeError('the line broke')
      if (keys.length === 2) return new Response('', { status: 503, headers: { 'retry-after': '2' } })
      return answer
    }
    const order = orderBody(hub)
    const made = await openHub({ url: hub.root, apiKey, fetch: flaky, wait }).createPayment(order)
    expect(made.ok).toBe(true)
    expect(new Set(keys).size).toBe(1)
    expect(waits).toEqual([250, 2_000])
    const listed = await client.listPayments({ reference: order.reference })
    expect(listed.ok && listed.value.payments.length).toBe(1)
  })

  it('give up after four tries, or at once where it must wait long', async () => {
    let tries = 0
    const down = (headers: Readonly<Record<string, string>>): typeof fetch => {
      return async () => {
        tries++
        return new Response('{"code":"away","detail":"Later."}', { status: 503, headers })
      }
    }
    const away = { ok: false, problem: { code: 'away', status: 503, detail: 'Later.' } }
    expect(await openHub({ url: hub.root, apiKey, fetch: down({}), wait }).events()).toEqual(away)
    expect(tries).toBe(4)
    expect(await openHub({ url: hub.root, apiKey, fetch: down({ 'retry-after': '60' }), wait }).events()).toEqual(away)
    expect(tries).toBe(5)
  })
})
