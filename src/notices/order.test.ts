import { describe, expect, it } from 'vitest'
import { type Got, noticesWorld, receiver } from '../../test/support/notices.ts'
import { HOUR_MS, MINUTE_MS } from '../kernel/time.ts'

const world = noticesWorld()
const sequences = (got: readonly Got[]): readonly number[] => got.map(({ sequence }) => sequence)

describe('the order of a payment', () => {
  it('a later notice of a payment waits for the earlier one, other payments do not', async () => {
    const hub = world.open()
    const shop = await receiver((got, response) => {
      const failing = shop.got.length < 3 && got.payment === 'pay_a'
      response.writeHead(failing ? 500 : 200).end()
    })
    await world.setAddresses(hub, [shop.url])
    await world.append(hub, world.event('pay_a', 1))
    await world.append(hub, world.event('pay_a', 2))
    await world.append(hub, world.event('pay_b', 1))
    await hub.drain()
    await world.append(hub, world.event('pay_a', 3))
    await hub.drain()
    expect(shop.got.map(({ payment, sequence }) => [payment, sequence])).toEqual(
      expect.arrayContaining([
        ['pay_a', 1],
        ['pay_b', 1],
      ]),
    )
    expect(shop.got).toHaveLength(2)
    world.now += MINUTE_MS
    await hub.drain()
    world.now += MINUTE_MS
    await hub.drain()
    const ofA = shop.got.filter(({ payment }) => payment === 'pay_a')
    expect(sequences(ofA)).toEqual([1, 1, 2, 3])
  })

  it('an earlier one holds later ones back for 24 hours and no longer', async () => {
    const hub = world.open()
    const shop = await receiver((got, response) => {
      response.writeHead(got.sequence === 1 ? 500 : 200).end()
    })
    await world.setAddresses(hub, [shop.url])
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    world.now += HOUR_MS
    await world.append(hub, world.event('pay_a', 2))
    await world.append(hub, world.event('pay_a', 3))
    world.now += 23 * HOUR_MS - 1
    await hub.drain()
    expect(new Set(sequences(shop.got))).toEqual(new Set([1]))
    world.now += 1
    await hub.drain()
    expect(sequences(shop.got).filter((one) => one > 1)).toEqual([2, 3])
    // Past its day the first holds nothing back any more.
    await world.append(hub, world.event('pay_a', 4))
    await hub.drain()
    expect(sequences(shop.got).at(-1)).toBe(4)
  })

  it('holds with many payments, several events in one commit and two processes', async () => {
    const [one, two] = [world.open(), world.open()]
    const payments = Array.from({ length: 20 }, (_, place) => `pay_${place}`)
    const acknowledged = new Map<string, number[]>()
    const tried = new Set<string>()
    // Every third notice fails when it is first tried, and only then: the ladder cannot take longer than the test goes on.
    const shop = await receiver(({ id, payment, sequence }, response) => {
      const good = tried.has(id) || (payments.indexOf(payment) + sequence) % 3 !== 0
      tried.add(id)
      if (good) acknowledged.set(payment, [...(acknowledged.get(payment) ?? []), sequence])
      response.writeHead(good ? 200 : 500).end()
    })
    await world.setAddresses(one, [shop.url])
    for (const first of [1, 4]) {
      await Promise.all(
        payments.map(async (payment) => {
          await world.append(one, world.event(payment, first), world.event(payment, first + 1))
          await world.append(two, world.event(payment, first + 2))
        }),
      )
      await Promise.all([one.drain(), two.drain()])
    }
    for (let round = 0; round < 4; round++) {
      world.now += HOUR_MS
      await Promise.all([one.drain(), two.drain()])
    }
    for (const payment of payments) expect(acknowledged.get(payment)).toEqual([1, 2, 3, 4, 5, 6])
  })
})
