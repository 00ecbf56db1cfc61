import { type Instant, SECOND_MS } from '../../src/kernel/time.ts'
import type { TestHub } from '../support/hub.ts'

/** A hub sheds what it cannot keep up with; so few stories act at a time that a slow machine keeps up. */
const ACT_AT_ONCE = 4
/** All come from one address, which may ask a thousand times at once and a hundred times a second: so many begin together, ten to twenty requests each. */
const BEGIN_TOGETHER = 40
const BETWEEN_BEGINNINGS_MS = 10 * SECOND_MS

type Sleeper = { readonly until: Instant; readonly wake: () => void }

/**
 * Plays stories side by side. Each is given a hub whose clock moves for all of them at once: when every story waits for time to pass, it
 * goes to where the first of them wakes. So a day that many wait for passes once, and what the hub does by itself at one time for many
 * payments it does at once: the hub's clock must run with one that stands still.
 */
export const playTogether = async <Hub extends TestHub, Played>(
  hub: Hub,
  stories: readonly ((hub: Hub) => Promise<Played>)[],
): Promise<readonly Played[]> => {
  const gate = openGate()
  let sleepers: readonly Sleeper[] = []
  let awake = stories.length
  const rest = async (): Promise<void> => {
    gate.leave()
    awake--
    if (awake > 0 || sleepers.length === 0) return
    const first = Math.min(...sleepers.map(({ until }) => until))
    await hub.clock.advance(Math.max(first - hub.clock.now(), 0))
    const now = hub.clock.now()
    const woken = sleepers.filter(({ until }) => until <= now)
    sleepers = sleepers.filter(({ until }) => until > now)
    awake = woken.length
    for (const { wake } of woken) wake()
  }
  const advance = async (ms: number): Promise<void> => {
    await new Promise<void>((wake, fail) => {
      sleepers = [...sleepers, { until: hub.clock.now() + ms, wake }]
      rest().catch(fail)
    })
    await gate.enter()
  }
  const shared: Hub = { ...hub, clock: { ...hub.clock, advance }, settle: () => advance(SECOND_MS) }
  const play = async (story: (typeof stories)[number], place: number): Promise<Played> => {
    await gate.enter()
    await advance(Math.floor(place / BEGIN_TOGETHER) * BETWEEN_BEGINNINGS_MS)
    const played = await story(shared)
    await rest()
    return played
  }
  return Promise.all(stories.map(play))
}

const openGate = () => {
  let places = ACT_AT_ONCE
  const waiting: (() => void)[] = []
  return {
    enter: async (): Promise<void> => {
      if (places === 0) return new Promise((resolve) => waiting.push(resolve))
      places--
    },
    leave: () => {
      const next = waiting.shift()
      if (next) next()
      else places++
    },
  }
}
