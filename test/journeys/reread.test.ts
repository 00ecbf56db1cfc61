import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOUR_MS, parseInstant } from '../../src/kernel/time.ts'
import { rereadUntrusted } from '../../src/payments/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { noticesOf, paidThrough, truth } from '../support/story.ts'

/** A bank rolls its key before the hub has it, and does not tell again. */

const withoutNext = (text: string): string => text.replaceAll(/^.*swedbank-next\.public\.pem.*\n/gm, '')

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ file: withoutNext })
})
afterAll(() => hub.stop())

it('what it said is heard once the key is there, and counted before', async () => {
  const from = hub.clock.now()
  const { order } = await paidThrough(hub, 'swedbank-lv', 'next_key')
  const forged = await paidThrough(hub, 'swedbank-lv', 'strangers_key')
  await hub.clock.advance(3 * HOUR_MS)
  expect(await truth(hub, order.id)).toMatchObject({ status: 'open', paidAmount: 0 })
  const reread = (dry: boolean) =>
    rereadUntrusted(hub.composed.hub, { agreement: 'liepkalni-swedbank', from, to: hub.clock.now(), dry })
  expect(await reread(true)).toMatchObject({ believed: 0 })

  await hub.apply((text) => text)
  const { looked = 0 } = (await reread(true)) ?? {}
  expect(looked).toBeGreaterThan(2)
  expect(await reread(true)).toEqual({ looked, believed: 2 })
  expect(await truth(hub, order.id)).toMatchObject({ status: 'open' })
  const rereadAt = hub.clock.now()
  expect(await reread(false)).toEqual({ looked, believed: 2 })
  await hub.settle()
  expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345, attention: [] })
  expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.open', 'payment.executed'])
  const told = hub.notices.findLast(({ notice }) => notice.data.payment.id === order.id)
  expect(parseInstant(told?.notice.timestamp ?? '')).toBeGreaterThanOrEqual(rereadAt)
  expect(await reread(false)).toEqual({ looked: looked - 2, believed: 0 })
  expect(await truth(hub, forged.order.id)).toMatchObject({ status: 'open', paidAmount: 0 })
})

it('of an agreement that is not there nothing is read', async () => {
  const wanted = { agreement: 'nobody', from: 0, to: hub.clock.now(), dry: true }
  expect(await rereadUntrusted(hub.composed.hub, wanted)).toBeUndefined()
})
