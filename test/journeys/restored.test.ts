import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../src/kernel/time.ts'
import type { Hub } from '../../src/payments/index.ts'
import { restored } from '../../src/payments/restored.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { pursueRefund } from '../support/refunding.ts'
import { chosen, decided, ordered, paidThrough, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** What a restored database has forgotten of a bill that was paid long before; `test/back-up.test.ts` has the whole story. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

it('a payment that was settled long ago tells of a refund by a number that no e-service has seen', async () => {
  const { order } = await paidThrough(hub, 'sandbox', 'pay')
  const sequences = () =>
    hub.notices.flatMap(({ notice }) => (notice.data.payment.id === order.id ? [notice.sequence] : []))
  const heard = sequences()
  await hub.clock.advance(1)
  const now = hub.clock.now()
  await restored(hub.composed.hub, { to: now, since: now, dry: true })
  expect(await restored(hub.composed.hub, { to: now, since: now, dry: false })).toMatchObject({ payments: 0 })
  await hub.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 100 })
  await hub.settle()
  expect(await truth(hub, order.id)).toMatchObject({ refundedAmount: 100 })
  expect(Math.min(...sequences().slice(heard.length))).toBe(Math.max(...heard) + 1_001)
})

it('what a bank promised in an answer that is forgotten cannot be compared: paid by its word, the payment is a person’s when the plan ends', async () => {
  const { id, payUrl } = await ordered(hub)
  await chosen(hub, payUrl, 'sandbox')
  // Restored to the moment between asking the bank and its answer.
  await execute(
    hub.database.url,
    `with kept as (update payments.attempt set kept = '{}', step = null where payment = '${id}')
     delete from payments.fact where payment = '${id}' and key not like 'ordered' and key not like 'begun:%'`,
  )
  const now = hub.clock.now()
  await restored(hub.composed.hub, { to: now, since: now - 1, dry: false })
  await decided(hub, 'sandbox', 'pay')
  await hub.settle()
  expect(await truth(hub, id)).toMatchObject({ status: 'accepted', attention: [] })
  await hub.clock.advance(DAY_MS)
  await hub.settle()
  expect(await truth(hub, id)).toMatchObject({ status: 'accepted', attention: ['stuck'] })
})

describe('a refund asked for after the restore', () => {
  /** The bank works on it for a minute, so that no notice of its own comes in between. */
  const SLOW = 1_097
  const paidBefore = async (channel: string): Promise<string> => {
    const { order } = await paidThrough(hub, channel, 'pay')
    const now = hub.clock.now()
    await restored(hub.composed.hub, { to: now, since: now, dry: false })
    return order.id
  }
  const refund = async (id: string, amount: number): Promise<string> =>
    (await hub.api('POST', `/v1/payments/${id}/refunds`, { amount })).body.id
  const statusOf = async (id: string, name: string): Promise<string> =>
    (await hub.api('GET', `/v1/payments/${id}/refunds/${name}`)).body.status
  const tasksOf = async (id: string) =>
    (await hub.composed.desk.list({ all: false, limit: 1_000 })).filter(({ subject }) => subject === id)
  /** The hub with a line that ends as `send` says, and what went over it. */
  const over = (send: Hub['send']) => {
    const sent: string[] = []
    const noting: Hub['send'] = (request) => {
      sent.push(request.method)
      return send(request)
    }
    return { sent, from: { ...hub.composed.hub, send: noting } }
  }
  const through: Hub['send'] = (request) => hub.composed.hub.send(request)
  const silent: Hub['send'] = async () => ({ kind: 'unknown', why: 'the line was cut' })
  /** The bank is asked, and told; before its answer is heard, the process dies. */
  const dying: Hub['send'] = async (request) => {
    const sent = await through(request)
    if (request.method === 'POST') throw new Error('the process died')
    return sent
  }
  /** As the bank answers a minute later. */
  const later: Hub['send'] = async (request) => {
    const sent = await through(request)
    if (sent.kind !== 'answered') return sent
    const text = new TextDecoder().decode(sent.reply.body).replaceAll('"pending"', '"done"')
    return { ...sent, reply: { ...sent.reply, body: new TextEncoder().encode(text) } }
  }
  const cutOff = async (id: string, name: string): Promise<void> => {
    const { sent, from } = over(dying)
    await expect(pursueRefund(hub, from, id, name)).rejects.toThrow('the process died')
    expect(sent).toEqual(['GET', 'POST'])
  }

  it('and sent by a run that was cut off is not sent again when the bank, asked once more, says that it is done', async () => {
    const id = await paidBefore('sandbox')
    const name = await refund(id, SLOW)
    await cutOff(id, name)
    const { sent, from } = over(later)
    expect(await pursueRefund(hub, from, id, name, { tries: 1 })).toBeUndefined()
    expect([sent, await statusOf(id, name)]).toEqual([['GET'], 'done'])
  })

  it('and perhaps sent by a run that was cut off is a person’s, and sent no more, where the bank then is silent', async () => {
    const id = await paidBefore('sandbox')
    const name = await refund(id, SLOW)
    const { from: mute } = over(silent)
    expect(await pursueRefund(hub, mute, id, name, { tries: 1 })).toBeGreaterThan(0)
    expect([await statusOf(id, name), (await tasksOf(id)).map(({ kind }) => kind)]).toEqual([
      'unknown',
      ['refund_unsettled'],
    ])
    const { sent, from } = over(through)
    expect(await pursueRefund(hub, from, id, name)).toBeGreaterThan(0)
    expect([sent, await statusOf(id, name)]).toEqual([['GET'], 'unknown'])
  })

  it('and sent before it was cut off is found out about after the silence', async () => {
    const id = await paidBefore('sandbox')
    const name = await refund(id, SLOW)
    await cutOff(id, name)
    await pursueRefund(hub, over(silent).from, id, name, { tries: 1 })
    const { sent, from } = over(later)
    expect(await pursueRefund(hub, from, id, name)).toBeUndefined()
    expect([sent, await statusOf(id, name), await tasksOf(id)]).toEqual([['GET'], 'done', []])
  })

  it('is a person’s at once, and not sent, where the bank’s answer need not tell of what is forgotten', async () => {
    const id = await paidBefore('sandbox')
    const name = await refund(id, SLOW)
    const { sent, from } = over(through)
    const { merchants } = from
    const open: typeof merchants.open = async (agreement, at) => {
      const opened = await merchants.open(agreement, at)
      if (!opened) return opened
      const { tellsEveryRefund: _, ...channel } = opened.channel
      return { ...opened, channel }
    }
    await pursueRefund(hub, { ...from, merchants: { ...merchants, open } }, id, name)
    expect([sent, await statusOf(id, name)]).toEqual([['GET'], 'requested'])
    expect((await tasksOf(id)).map(({ kind }) => kind)).toEqual(['refund_unsettled'])
  })

  it('is a person’s after a day of silence, and asked about once a day for as long as that person has it', async () => {
    const id = await paidBefore('sandbox')
    const name = await refund(id, SLOW)
    const { from: mute } = over(silent)
    expect(await pursueRefund(hub, mute, id, name, { afterMs: HOUR_MS })).toBeGreaterThan(0)
    expect(await tasksOf(id)).toEqual([])
    const { sent, from } = over(silent)
    for (const days of [10, 20]) {
      const next = await pursueRefund(hub, from, id, name, { afterMs: days * DAY_MS })
      expect(next).toBeGreaterThan(hub.clock.now() + days * DAY_MS)
      expect(next).toBeLessThanOrEqual(hub.clock.now() + (days + 1) * DAY_MS)
    }
    expect([sent, await statusOf(id, name)]).toEqual([['GET', 'GET'], 'requested'])
    expect((await tasksOf(id)).map(({ kind }) => kind)).toEqual(['refund_unsettled'])
  })

  it('at a bank that takes none from a program warns the clerk first that this transfer may be made and forgotten', async () => {
    const id = await paidBefore('swedbank-lv')
    await refund(id, SLOW)
    const [task] = await tasksOf(id)
    const shown = await hub.composed.desk.show(task?.id ?? '')
    expect([task?.kind, shown?.story.todo]).toEqual([
      'refund_by_hand',
      expect.stringMatching(
        /^The hub’s database was restored .* account statement for this transfer before .* Transfer 10\.97 EUR from /,
      ),
    ])
  })
})
