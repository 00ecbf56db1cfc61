import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, decided, orderBody, paidThrough } from '../support/story.ts'
import { execute } from '../support/test-server.ts'
import { keptTraces } from '../support/traces.ts'

/** One trace from the order to the notice, through whatever process. */

const kept = keptTraces()
let hub: TestHub
let plain: TestHub
beforeAll(async () => {
  hub = await startTestHub({ traces: kept.traces })
  plain = await startTestHub()
})
afterAll(async () => {
  await hub.stop()
  await plain.stop()
})

const newTrace = () => ({ trace: randomBytes(16).toString('hex'), caller: randomBytes(8).toString('hex') })

const orderedIn = async (at: TestHub, traceparent: string | undefined) => {
  const headers = traceparent === undefined ? {} : { traceparent }
  const { status, body } = await at.api('POST', '/v1/payments', orderBody(at), { headers })
  expect(status).toBe(201)
  return body
}

/** As lines `name < name of its parent`, in the order of their names. */
const treeOf = (trace: string): readonly string[] => {
  const spans = kept.spans().filter((span) => span.trace === trace)
  const nameOf = (id: string | undefined) => spans.find((span) => span.id === id)?.name ?? 'the caller'
  return spans.map(({ name, parent }) => `${name} < ${nameOf(parent)}`).toSorted()
}

describe('a payment', () => {
  it('is one trace from its order, by the e-service’s own, to its notices', async () => {
    const { trace, caller } = newTrace()
    const { id, payUrl } = await orderedIn(hub, `00-${trace}-${caller}-01`)
    await chosen(hub, payUrl, 'sandbox')
    // What is stored is all that another process has.
    const other = await hub.beside()
    await decided(hub, 'sandbox', 'return_lost')
    await hub.settle()
    await other.stop()
    expect(treeOf(trace)).toEqual([
      'notice.send < payment.record',
      'notice.send < payment.record',
      'payment.begin < payment.create',
      'payment.create < the caller',
      'payment.record < payment.create',
      'payment.record < payment.create',
      'payment.record < payment.create',
      'psp.call < payment.begin',
      'psp.message < payment.create',
    ])
    const create = kept.spans().find((span) => span.trace === trace && span.name === 'payment.create')
    expect(create).toMatchObject({ parent: caller, kind: 1 })
    const notices = hub.notices.filter(({ notice }) => notice.data.payment.id === id)
    const sent = kept.spans().filter((span) => span.trace === trace && span.name === 'notice.send')
    expect(notices.map(({ headers }) => headers.traceparent).toSorted()).toEqual(
      sent.map((span) => `00-${trace}-${span.id}-01`).toSorted(),
    )
  })

  it('has a trace of its own where nobody brought one, or nonsense', async () => {
    for (const brought of [undefined, 'nonsense', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`]) {
      const { id } = await orderedIn(hub, brought)
      const [row] = await execute<{ traceparent: string }>(
        hub.database.url,
        `select traceparent from payments.payment where id = '${id}'`,
      )
      expect(row?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
      expect(treeOf(row?.traceparent.slice(3, 35) ?? '')).toEqual(['payment.create < the caller'])
    }
  })

  it('tells enquiries and refunds too', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'both_lost')
    await hub.clock.advance(3_600_000)
    await hub.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 1 })
    await hub.settle()
    const trace = kept.spans().find(({ attributes }) => attributes['ebizness.payment'] === order.id)?.trace ?? ''
    expect(treeOf(trace)).toEqual(
      expect.arrayContaining([
        'payment.enquire < payment.create',
        'psp.call < payment.enquire',
        'payment.refund < payment.create',
        'psp.call < payment.refund',
      ]),
    )
  })

  it('a bank that brings a trace does not write in ours, and a forgery is told apart', async () => {
    const { trace, caller } = newTrace()
    const before = kept.spans().length
    await fetch(`${hub.root}/psp/sandbox/liepkalni-sandbox/notice`, {
      method: 'POST',
      headers: { traceparent: `00-${trace}-${caller}-01` },
      body: '{}',
    })
    const [message] = kept.spans().slice(before)
    expect(message).toMatchObject({ name: 'psp.message', attributes: { 'ebizness.verdict': 'untrusted' } })
    expect(message?.trace).not.toBe(trace)
    expect(message?.parent).toBeUndefined()
  })
})

describe('a hub that traces nothing', () => {
  it('hands the e-service’s trace on to its notices, and makes none up', async () => {
    const { trace, caller } = newTrace()
    const traceparent = `00-${trace}-${caller}-01`
    const withTrace = await orderedIn(plain, traceparent)
    const without = await orderedIn(plain, undefined)
    for (const { payUrl } of [withTrace, without]) {
      await chosen(plain, payUrl, 'swedbank-lv')
      await decided(plain, 'swedbank-lv', 'pay')
    }
    const broughtTo = (id: string) =>
      new Set(
        plain.notices.filter(({ notice }) => notice.data.payment.id === id).map(({ headers }) => headers.traceparent),
      )
    expect(broughtTo(withTrace.id)).toEqual(new Set([traceparent]))
    expect(broughtTo(without.id)).toEqual(new Set([undefined]))
  })
})
