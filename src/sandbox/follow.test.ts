import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, systemClock } from '../kernel/time.ts'
import { openClient } from '../platform/http/client.ts'
import { movingClock } from './clock.ts'
import { demoKeys } from './demo/fixtures.ts'
import { type Following, followWorld } from './follow.ts'
import { startWorld, type World } from './world.ts'

const ABOUT = 5 * SECOND_MS
let closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers) await close()
  closers = []
})

const openWorld = async (port = 0) => {
  const clock = movingClock()
  const world = await startWorld({
    port,
    simulators: [],
    setups: () => ({}),
    keys: demoKeys(),
    clock,
    random: randomBytes,
    send: async () => ({ kind: 'not_sent', why: 'no banks' }),
    log: () => {},
  })
  const stop = async () => {
    clock.stop()
    await world.stop()
  }
  closers.push(stop)
  return { world, clock, stop }
}

/** A hub with a clock of its own, and a job every half hour of which it notes when it was done. */
const openHub = async (world: Pick<World, 'root'>, { aheadMs = 0, everyMs = 30 * MINUTE_MS } = {}) => {
  const clock = movingClock(systemClock, aheadMs)
  const begun = clock.now()
  const done: number[] = []
  const notes: boolean[] = []
  let next = begun + everyMs
  clock.onMove({
    settle: async () => {
      for (; next <= clock.now(); next += everyMs) done.push(clock.now() - begun)
    },
    due: async () => [{ at: next, what: 'payments.deadline', about: 'pay_1' }],
  })
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  const following: Following = followWorld({
    world: world.root,
    name: `hub ${randomBytes(4).toString('hex')}`,
    clock,
    send: client.send,
    note: (answers) => notes.push(answers),
  })
  await following.joined
  const stop = async () => {
    await following.stop()
    await client.close()
    clock.stop()
  }
  closers.unshift(stop)
  /** Something is due sooner. */
  const orders = (inMs: number) => {
    next = begun + inMs
  }
  return { clock, done, notes, stop, begun, orders }
}

const expectNear = (one: number, other: number) => expect(Math.abs(one - other)).toBeLessThan(ABOUT)

describe('a hub in another process', () => {
  test('goes along, and does what is due on the way at its own time', async () => {
    const { world } = await openWorld()
    const hub = await openHub(world)
    await world.advance(2 * HOUR_MS)
    expectNear(hub.clock.aheadMs(), 2 * HOUR_MS)
    expect(hub.done).toHaveLength(4)
    for (const [place, at] of hub.done.entries()) expectNear(at, (place + 1) * 30 * MINUTE_MS)
  })

  test('is at the time of what a bank does before the bank does it', async () => {
    const { world, clock } = await openWorld()
    const hub = await openHub(world)
    const seen: number[] = []
    clock.at(clock.now() + 10 * MINUTE_MS, async () => void seen.push(hub.clock.now() - clock.now()))
    await world.advance(HOUR_MS)
    expect(seen).toHaveLength(1)
    expectNear(seen[0] ?? Number.NaN, 0)
  })

  test('is named with what it will do next', async () => {
    const { world, clock } = await openWorld()
    const hub = await openHub(world)
    const shown = await (await fetch(`${world.root}/api/clock`)).json()
    expect(shown).toMatchObject({ due: [{ what: 'payments.deadline', about: 'pay_1' }] })
    // And with what it has got to do since it last asked.
    hub.orders(MINUTE_MS)
    expect((await clock.due())[0]?.at).toBe(hub.begun + MINUTE_MS)
    expect(hub.clock.aheadMs()).toBe(0)
    await world.advance(HOUR_MS)
    expect(hub.done[0]).toBeLessThan(MINUTE_MS + ABOUT)
  })

  test('comes later and goes where the clock is; two go along side by side', async () => {
    const { world } = await openWorld()
    await world.advance(DAY_MS)
    const [one, two] = [await openHub(world), await openHub(world)]
    expectNear(one.clock.aheadMs(), DAY_MS)
    await world.advance(HOUR_MS)
    expectNear(one.clock.aheadMs(), DAY_MS + HOUR_MS)
    expectNear(two.clock.aheadMs(), DAY_MS + HOUR_MS)
  })

  test('takes its time into a world that was started anew: time does not go back', async () => {
    const { world, clock } = await openWorld()
    const hub = await openHub(world, { aheadMs: DAY_MS })
    expectNear(clock.aheadMs(), DAY_MS)
    await world.advance(HOUR_MS)
    expectNear(hub.clock.aheadMs(), DAY_MS + HOUR_MS)
  })

  test('that has left is waited for by nobody', async () => {
    const { world, clock } = await openWorld()
    const hub = await openHub(world)
    await hub.stop()
    await world.advance(HOUR_MS)
    expectNear(clock.aheadMs(), HOUR_MS)
  })

  test('that was killed is waited for by nobody', async () => {
    const { world, clock } = await openWorld()
    const gone = new AbortController()
    const question = { name: 'killed', turn: 1, aheadMs: 0, due: [] }
    const body = JSON.stringify(question)
    const asked = fetch(`${world.root}/api/clock/follow`, { method: 'POST', body, signal: gone.signal })
    // It holds: another question is answered meanwhile.
    await fetch(`${world.root}/api/clock`)
    gone.abort()
    await expect(asked).rejects.toThrow()
    await world.advance(HOUR_MS)
    expectNear(clock.aheadMs(), HOUR_MS)
  })

  test('says once that nobody answers, and joins whoever does', async () => {
    const first = await openWorld()
    await first.stop()
    const hub = await openHub(first.world)
    expect(hub.notes).toEqual([false])
    const again = await openWorld(first.world.port)
    await expect.poll(() => hub.notes, { timeout: 10_000 }).toEqual([false, true])
    await again.world.advance(HOUR_MS)
    expectNear(hub.clock.aheadMs(), HOUR_MS)
  })

  test.each([
    [{}, 422],
    [{ name: 'x', turn: -1, aheadMs: 0, due: [] }, 422],
    [{ name: 'x', turn: 0, aheadMs: -5, due: [] }, 422],
    [{ name: 'x', turn: 0, aheadMs: 0, due: [] }, 200],
  ])('is answered %j with %i', async (body, status) => {
    const { world } = await openWorld()
    const answer = await fetch(`${world.root}/api/clock/follow`, { method: 'POST', body: JSON.stringify(body) })
    expect(answer.status).toBe(status)
  })
})
