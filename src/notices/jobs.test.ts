import type { ServerResponse } from 'node:http'
import { expect, it, vi } from 'vitest'
import { answers, noticesWorld, receiver } from '../../test/support/notices.ts'
import { SECOND_MS } from '../kernel/time.ts'

const world = noticesWorld()

/** Far above what it takes on a busy machine, far below any time-out or poll of a dead address. */
const SOON = { timeout: 20_000, interval: 5 }

it('a notice leaves right after its commit', async () => {
  const hub = world.open()
  const shop = await receiver()
  await world.setAddresses(hub, [shop.url])
  hub.start()
  await world.append(hub, world.event('pay_a', 1))
  await vi.waitUntil(() => shop.got.length === 1, SOON)
})

it('what another process committed and left is found', async () => {
  const [silent, hub] = [world.open(), world.open()]
  const shop = await receiver()
  await world.setAddresses(hub, [shop.url])
  hub.start()
  await world.append(silent, world.event('pay_a', 1))
  await vi.waitUntil(() => shop.got.length === 1, SOON)
})

it('a retry leaves when its time has come', async () => {
  const hub = world.open()
  const shop = await receiver(answers(500))
  await world.setAddresses(hub, [shop.url])
  hub.start()
  const one = world.event('pay_a', 1)
  await world.append(hub, one)
  await vi.waitUntil(async () => (await hub.deliveries(one.id)).length === 1, SOON)
  world.now += 5 * SECOND_MS
  await vi.waitUntil(() => shop.got.length === 2, SOON)
})

it('events that follow each other closely are sent in order, each once, none is forgotten', async () => {
  const hubs = [world.open(), world.open()]
  const shop = await receiver()
  const [first] = hubs
  if (!first) throw new Error('no hub')
  await world.setAddresses(first, [shop.url])
  for (const hub of hubs) hub.start()
  const payments = Array.from({ length: 40 }, (_, place) => `pay_${place}`)
  const wanted = [1, 2, 3, 4, 5, 6]
  await Promise.all(
    payments.map(async (payment, place) => {
      for (const sequence of wanted) await world.append(hubs[place % 2] ?? first, world.event(payment, sequence))
    }),
  )
  await vi.waitUntil(() => shop.got.length >= payments.length * wanted.length, SOON)
  for (const payment of payments) {
    expect(shop.got.filter((one) => one.payment === payment).map(({ sequence }) => sequence)).toEqual(wanted)
  }
})

it('addresses that never answer delay nobody else', async () => {
  const hub = world.open()
  const held: ServerResponse[] = []
  const shop = await receiver(({ path }, response) => {
    if (path.startsWith('/dead')) held.push(response)
    else response.writeHead(204).end()
  })
  const services = Array.from({ length: 100 }, (_, place) => ({
    name: `service-${place}`,
    path: place % 10 === 0 ? `/dead/${place}` : `/alive/${place}`,
  }))
  for (const { name, path } of services) await world.setAddresses(hub, [shop.url + path], name)
  hub.start()
  for (let round = 0; round < 5; round++) {
    for (const { name: eService } of services)
      await world.append(hub, world.event(`pay_${round}_${eService}`, 1, { eService }))
  }
  const alive = () => shop.got.filter(({ path }) => path.startsWith('/alive'))
  await vi.waitUntil(() => alive().length === 450, { ...SOON, timeout: 10_000 })
  expect(new Set(alive().map(({ id }) => id)).size).toBe(450)
  // Two at once to each of the ten that hang, since nothing is known of them yet, and no more once they have not answered.
  expect(held.length).toBeLessThanOrEqual(20)
})

it('an address that failed before this process began is probed by one sending at a time', async () => {
  const former = world.open()
  const shop = await receiver(answers(500))
  await world.setAddresses(former, [shop.url])
  for (const payment of ['pay_a', 'pay_b', 'pay_c']) await world.append(former, world.event(payment, 1))
  await former.drain()
  expect(shop.got).toHaveLength(3)
  const held: ServerResponse[] = []
  shop.script = (_, response) => void held.push(response)
  world.now += 5 * SECOND_MS
  const hub = world.open()
  hub.start()
  await vi.waitUntil(() => held.length === 1, SOON)
  const text = 'select count(*)::int as claimed from notices.dispatch where claims = 2'
  expect(await world.db.query({ name: 'test.claimed', text })).toEqual([{ claimed: 1 }])
  shop.script = answers(204)
  held[0]?.writeHead(204).end()
  await vi.waitUntil(() => shop.got.length === 6, SOON)
})

it('stops: begins nothing more and waits for what is under way', async () => {
  const hub = world.open()
  const held: ServerResponse[] = []
  const shop = await receiver((_, response) => void held.push(response))
  await world.setAddresses(hub, [shop.url])
  hub.start()
  const one = world.event('pay_a', 1)
  await world.append(hub, one)
  await vi.waitUntil(() => held.length === 1, SOON)
  const stopped = hub.stop(20_000)
  await world.append(hub, world.event('pay_b', 1))
  for (const response of held) response.writeHead(200).end()
  await stopped
  expect(await hub.deliveries(one.id)).toHaveLength(1)
  expect(shop.got).toHaveLength(1)
})
