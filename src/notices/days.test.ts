import { expect, it, vi } from 'vitest'
import { answers, type Got, noticesWorld, receiver } from '../../test/support/notices.ts'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import type { NoticesModule } from './index.ts'

/** What takes days, on a clock that is moved from one sending to the next. */

const world = noticesWorld()

/** Moves the time to the next sending and does it; false when none is to come. */
const goOn = async (hub: NoticesModule): Promise<boolean> => {
  const [next] = await hub.upcoming(1)
  if (!next) return false
  world.now = Math.max(world.now, next.at)
  await hub.drain()
  return true
}

it('the ladder is climbed to its end, each step a tenth shorter at most, and then it is a task', async () => {
  const hub = world.open()
  const times: Instant[] = []
  const shop = await receiver((_, response) => {
    times.push(world.now)
    response.writeHead(500).end()
  })
  await world.setAddresses(hub, [shop.url])
  const began = world.now
  await world.append(hub, world.event('pay_a', 1))
  await hub.drain()
  while (await goOn(hub)) expect(times.length).toBeLessThan(99)
  const steps = times.slice(1).map((at, place) => at - (times[place] ?? 0))
  const ladder = [5 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS]
  for (const [place, step] of steps.slice(0, -1).entries()) {
    const longest = ladder[place] ?? DAY_MS
    expect(step).toBeLessThanOrEqual(longest)
    expect(step).toBeGreaterThanOrEqual(0.9 * longest - 1)
  }
  expect(new Set(steps.slice(7).map((step) => Math.round(step / MINUTE_MS))).size).toBeGreaterThan(5)
  expect((times.at(-1) ?? 0) - began).toBe(30 * DAY_MS)
  expect(await hub.gaveUp(9)).toMatchObject([{ eService: 'property-tax', subject: 'pay_a' }])
})

it('an address that was dead for three days gets all within a day, the last day’s in order, a few at once, and delays nobody', async () => {
  const hub = world.open()
  const [shop, other] = [await receiver(answers(503)), await receiver()]
  await world.setAddresses(hub, [shop.url])
  await world.setAddresses(hub, [other.url], 'kindergarten')
  const payments = Array.from({ length: 20 }, (_, place) => `pay_${place}`)
  for (const [sequence, passMs] of [2 * DAY_MS, 8 * HOUR_MS, 8 * HOUR_MS, HOUR_MS].entries()) {
    await world.append(hub, ...payments.map((payment) => world.event(payment, sequence + 1)))
    await hub.drain()
    world.now += passMs
    await hub.drain()
  }
  const [tries, back] = [shop.got.length, world.now]
  let [atOnce, most] = [0, 0]
  shop.script = (_, response) => {
    most = Math.max(most, ++atOnce)
    setImmediate(() => {
      atOnce--
      response.writeHead(204).end()
    })
  }
  await world.append(hub, world.event('pay_other', 1, { eService: 'kindergarten' }))
  await hub.drain()
  expect(other.got).toHaveLength(1)
  while (await goOn(hub)) expect(world.now).toBeLessThanOrEqual(back + DAY_MS)
  const heard = shop.got.slice(tries)
  for (const payment of payments) {
    const sequences = heard.filter((one) => one.payment === payment).map(({ sequence }) => sequence)
    // The first one has held the others back for its day; what it holds no longer need not wait for it.
    expect(sequences.filter((one) => one > 1)).toEqual([2, 3, 4])
    expect(sequences).toContain(1)
  }
  expect(most).toBeLessThanOrEqual(16)
  expect(await hub.backlog()).toMatchObject({ waiting: 0, gaveUp: 0 })
})

/** First acknowledgements only: a repeated notice is known by its id. */
const firstOf = (got: readonly Got[]): readonly Got[] => {
  const known = new Set<string>()
  return got.filter(({ id }) => known.size < known.add(id).size)
}

it('a span sent once more while the same notices are on their way costs neither one of them nor their order', async () => {
  const [one, two] = [world.open(), world.open()]
  const shop = await receiver()
  await world.setAddresses(one, [shop.url])
  for (const hub of [one, two]) hub.start()
  const payments = Array.from({ length: 10 }, (_, place) => `pay_${place}`)
  const span = { eService: 'property-tax', from: 0, to: world.now + DAY_MS }
  const replayed: Promise<unknown>[] = []
  for (let sequence = 1; sequence <= 4; sequence++) {
    await world.append(sequence % 2 ? one : two, ...payments.map((payment) => world.event(payment, sequence)))
    replayed.push(one.replay(span, false), two.replay(span, false))
  }
  await Promise.all(replayed)
  const allHeard = async (): Promise<boolean> => {
    // Leases run out, of what was owed anew at the moment of its acknowledgement; the day for which one holds back another does not.
    world.now += 100
    return (await one.backlog()).waiting === 0 && firstOf(shop.got).length === 40
  }
  await vi.waitUntil(allHeard, { timeout: 25_000, interval: 20 })
  for (const payment of payments) {
    const mine = firstOf(shop.got).filter((got) => got.payment === payment)
    expect(mine.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
  }
})
