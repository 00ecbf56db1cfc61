import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../src/kernel/time.ts'
import type { Hub } from '../../src/payments/index.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { type Node, startTestHub, type TestHub } from '../support/hub.ts'
import { pursueRefund } from '../support/refunding.ts'
import { noticesOf, ordered, paidThrough, truth } from '../support/story.ts'

/** Money that goes back: asked for by the e-service, made at the bank, lost on the way, and never more than was paid. */

let hub: TestHub
let second: Node
beforeAll(async () => {
  hub = await startTestHub()
  second = await hub.beside()
})
afterAll(async () => {
  await second.stop()
  await hub.stop()
})

const PAID = 12_345
/** The bogus bank lets a refund that ends so fail after a minute. */
const FAILING = 4_098
const paid = async (channel = 'sandbox'): Promise<string> => (await paidThrough(hub, channel, 'pay')).order.id
const refund = (id: string, body: unknown = {}, more = {}) => hub.api('POST', `/v1/payments/${id}/refunds`, body, more)
const refundOf = async (id: string, name: string) => (await hub.api('GET', `/v1/payments/${id}/refunds/${name}`)).body
const refundNotices = (id: string) => noticesOf(hub, id).filter((type) => type.startsWith('refund.'))

describe('a refund', () => {
  it('of all that was paid is requested, made and told', async () => {
    const id = await paid()
    const asked = await refund(id)
    expect([asked.status, asked.body]).toMatchObject([201, { amount: PAID, status: 'requested', origin: 'e-service' }])
    await hub.settle()
    expect(await refundOf(id, asked.body.id)).toEqual({
      ...asked.body,
      status: 'done',
      bankReference: expect.stringMatching(/^SB\d+-R1$/),
    })
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', refundedAmount: PAID, attention: [] })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.done'])
  })

  it('in parts goes to the last cent, and not a cent further', async () => {
    const id = await paid()
    expect((await refund(id, { amount: 10_000 })).status).toBe(201)
    const over = await refund(id, { amount: 2_346 })
    expect([over.status, over.body.code, over.body.detail]).toEqual([
      409,
      'exceeds_paid',
      'At most 2345 minor units can still go back in one refund.',
    ])
    expect((await refund(id, {})).body).toMatchObject({ amount: 2_345 })
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: PAID })
    expect((await refund(id, { amount: 1 })).body.code).toBe('exceeds_paid')
  })

  it.each([
    ['done', 1_097],
    ['failed', 1_098],
  ])('that the bank works on for a minute is sent, then %s', async (end, amount) => {
    const id = await paid()
    const { body } = await refund(id, { amount })
    await hub.settle()
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'sent' })
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await refundOf(id, body.id)).toMatchObject({ status: end })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.sent', `refund.${end}`])
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: end === 'done' ? amount : 0 })
    if (end === 'failed') expect((await refund(id)).body).toMatchObject({ amount: PAID })
  })

  it('asked for again under the same key is the same one, and another body under it is refused', async () => {
    const id = await paid()
    const key = { idempotencyKey: `back-${id}` }
    const [first, again] = [await refund(id, { amount: 100 }, key), await refund(id, { amount: 100 }, key)]
    expect([again.status, again.body]).toEqual([201, first.body])
    expect((await refund(id, { amount: 101 }, key)).body.code).toBe('idempotency_key_reused')
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: 100 })
  })

  it('made at the bank by itself is shown as the bank’s, and leaves that much less', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'refunded')
    await hub.clock.advance(3 * MINUTE_MS)
    const { refunds } = await truth(hub, order.id)
    expect(refunds).toMatchObject([{ origin: 'psp', status: 'done', amount: PAID }])
    expect((await refund(order.id, { amount: 1 })).body.code).toBe('exceeds_paid')
  })
})

describe('a notice that tells of a refund', () => {
  it('is about the payment it names, wherever it is sent', async () => {
    const [id, other] = [await paid(), await paid()]
    await refund(id, { amount: 500 })
    await hub.clock.advance(MINUTE_MS)
    const kept = (await keptMessages(hub)).filter(({ purpose }) => purpose === 'notice')
    const genuine = kept.findLast((message) => message.payment === id && message.body.includes('"refunds":[{'))
    const elsewhere = kept.findLast((message) => message.payment === other)
    const signature = String(genuine?.headers['x-sandbox-signature'])
    const path = new URL(elsewhere?.url ?? '').pathname
    expect((await sendNotice(hub, { body: String(genuine?.body), signature }, path)).status).toBe(200)
    expect(await truth(hub, other)).toMatchObject({ refunds: [], refundedAmount: 0, attention: [] })
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: 500, attention: [] })
  })
})

describe('a refund is refused', () => {
  it('where nothing was paid, and where the request is wrong', async () => {
    const open = (await ordered(hub)).id
    const done = await paid()
    const answers = [
      await refund(open),
      await refund(done, { amount: 0 }),
      await refund(done, { amount: 1, attempt: `att_${'0'.repeat(26)}` }),
      await refund(`pay_${'0'.repeat(26)}`),
    ]
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual([
      '409 not_paid',
      '422 invalid_fields',
      '422 unknown_attempt',
      '404 not_found',
    ])
    expect((await hub.api('GET', `/v1/payments/${done}/refunds/rfd_none`)).status).toBe(404)
  })

  it('to another e-service than the one that was paid', async () => {
    const id = await paid()
    const { key } = await hub.keyOf('kindergarten')
    expect((await refund(id, {}, { key })).status).toBe(404)
  })
})

describe('refunds at once', () => {
  it('on two nodes never promise more than was paid', async () => {
    const id = await paid()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, place) =>
        refund(id, { amount: 3_000 }, { root: place % 2 === 0 ? hub.root : second.root }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(4).fill(201), ...Array(16).fill(409)])
    await Promise.all([hub.composed.drain(), second.composed.drain()])
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: 12_000, attention: [] })
  })
})

describe('a refund in place of one that failed', () => {
  it('is not sent any more when that one is done after all', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'pay')
    const { id } = order
    const { body: first } = await refund(id, { amount: FAILING })
    await hub.settle()
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await refundOf(id, first.id)).toMatchObject({ status: 'failed' })
    const { body: second } = await refund(id)
    expect(second).toMatchObject({ amount: PAID, status: 'requested' })
    const told = hub.world.sent().findLast(({ body }) => body.includes(`"amount":${FAILING}`))
    const name = /"number":"(\w+)","status":"failed"/.exec(told?.body ?? '')?.[1] ?? ''
    const [{ number = '', paidAt } = {}] = (await truth(hub, id)).attempts
    const refunds = [{ id: 'R1', number: name, amount: FAILING }]
    const claim = { number, reference: order.reference, refunds, ...(paidAt ? { at: paidAt } : {}) }
    await sendNotice(hub, bankNotice(hub, claim))
    expect(await pursueRefund(hub, hub.composed.hub, id, second.id)).toBeUndefined()
    expect(await refundOf(id, second.id)).toMatchObject({ status: 'failed' })
    await hub.settle()
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await refundOf(id, first.id)).toMatchObject({ status: 'done' })
    expect(await refundOf(id, second.id)).toMatchObject({ status: 'failed' })
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: FAILING, attention: [] })
    expect(refundNotices(id).slice(-3)).toEqual(['refund.requested', 'refund.done', 'refund.failed'])
    expect((await refund(id)).body).toMatchObject({ amount: PAID - FAILING })
  })
})

describe('a refund whose answer is lost', () => {
  /** The bank works on it for a minute, so that no notice of its own comes in between. */
  const SLOW = 1_097
  /** What is sent reaches the bank; the answer does not come back. */
  const lossy = (from: Hub) => {
    const sent: string[] = []
    const send: Hub['send'] = async (request) => {
      sent.push(request.method)
      await from.send(request)
      return { kind: 'unknown', why: 'the line was cut' }
    }
    return { sent, send }
  }
  /** A bank that would pay back twice if it were told twice. */
  const actsTwice = (from: Hub): Hub['merchants'] => ({
    ...from.merchants,
    open: async (agreement, at) => {
      const open = await from.merchants.open(agreement, at)
      if (!open) return open
      const { refund: make } = open.channel
      if (!make) return open
      const unrepeatable: typeof make = async (wanted, terms) => {
        const step = await make(wanted, terms)
        return step.step === 'call' ? { ...step, repeatable: false } : step
      }
      return { ...open, channel: { ...open.channel, refund: unrepeatable } }
    },
  })
  const pursue = (from: Hub, id: string, name: string, tries = 0) => pursueRefund(hub, from, id, name, { tries })

  it('is unknown, and done once the repeat is answered; the bank paid back once', async () => {
    const id = await paid()
    const { body } = await refund(id, { amount: SLOW })
    await pursue({ ...hub.composed.hub, ...lossy(hub.composed.hub) }, id, body.id)
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'unknown' })
    expect((await refund(id, { amount: PAID - SLOW + 1 })).body.code).toBe('exceeds_paid')
    await hub.settle()
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'sent' })
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: SLOW, attention: [] })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.unknown', 'refund.sent', 'refund.done'])
  })

  it('is asked about and not sent again where the bank would act twice', async () => {
    const id = await paid()
    const { body } = await refund(id, { amount: SLOW })
    const careful = { ...hub.composed.hub, merchants: actsTwice(hub.composed.hub) }
    const line = lossy(careful)
    await pursue({ ...careful, ...line }, id, body.id)
    await pursue({ ...careful, ...line }, id, body.id)
    expect(line.sent).toEqual(['POST', 'GET'])
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'unknown' })
    await pursue(careful, id, body.id)
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'sent' })
  })

  it('is unknown, and not sent, where a run before was cut off and the bank would act twice', async () => {
    const id = await paid()
    const { body } = await refund(id, { amount: SLOW })
    const careful = { ...hub.composed.hub, merchants: actsTwice(hub.composed.hub) }
    await pursue(careful, id, body.id, 1)
    expect(await refundOf(id, body.id)).toMatchObject({ status: 'unknown' })
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: 0 })
  })
})
