import { MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import type { Companion, Due, MovingClock } from './clock.ts'

/** Hubs in other processes that go by this world's clock: each asks what to do next and is answered when there is something. */
export type Followers = Companion & {
  /** `turn` is the last one that the asker has done; `signal` tells that it waits no more. Undefined: there are too many. */
  follow(asked: Asked, signal: AbortSignal): Promise<Turn | undefined>
  /** It goes along no more; its question is answered. */
  leave(name: string): void
}

export type Asked = {
  readonly name: string
  readonly turn: number
  readonly aheadMs: number
  /** What it will do by itself. */
  readonly due: readonly Due[]
}

/** Go so far ahead, settle what is due there, and ask again. */
export type Turn = { readonly turn: number; readonly aheadMs: number }

/** A question is answered after this without anything new, so that each side knows that the other is there. */
export const HELD_MS = 10 * SECOND_MS
/** Who takes longer for one turn is gone; the clock goes on without it. */
const GONE_AFTER_MS = MINUTE_MS
const MAX_FOLLOWERS = 16
/** Names remembered of those who left; each is used once. */
const MAX_LEFT = 1_000

type Follower = { readonly turn: number; readonly due: readonly Due[] }

export const openFollowers = (clock: MovingClock): Followers => {
  const known = new Map<string, Follower>()
  /** A question that was on its way when its asker left must not be waited for. */
  const left = new Set<string>()
  const listeners = new Set<() => void>()
  let turn = 1

  const tellAll = () => {
    for (const listener of [...listeners]) listener()
  }
  /** Until it holds, or the time is over. */
  const until = (holds: () => boolean, atMostMs: number): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        listeners.delete(look)
        resolve()
      }
      const look = () => {
        if (holds()) end()
      }
      const timer = setTimeout(end, atMostMs).unref()
      listeners.add(look)
      look()
    })
  const behind = (): readonly string[] => [...known].filter(([, one]) => one.turn !== turn).map(([name]) => name)
  const settle = async () => {
    turn += 1
    tellAll()
    await until(() => behind().length === 0, GONE_AFTER_MS)
    for (const name of behind()) known.delete(name)
  }

  return {
    leave: (name) => {
      known.delete(name)
      const [oldest] = left
      if (oldest !== undefined && left.size >= MAX_LEFT) left.delete(oldest)
      left.add(name)
      tellAll()
    },
    reach: settle,
    settle,
    due: async () => {
      // What each told with its last question may be ten seconds old.
      await settle()
      return [...known.values()].flatMap((one) => one.due)
    },
    follow: async ({ name, aheadMs, due, ...asked }, signal) => {
      if (!known.has(name) && known.size >= MAX_FOLLOWERS) return undefined
      // This world was started anew, and the hub's time must not go back.
      if (!known.has(name) && aheadMs > clock.aheadMs()) await clock.catchUp(aheadMs)
      if (left.has(name)) return { turn, aheadMs: clock.aheadMs() }
      const asking: Follower = { turn: asked.turn, due }
      known.set(name, asking)
      // Also when it turns out only as the answer is written.
      signal.addEventListener('abort', () => {
        if (known.get(name) === asking) known.delete(name)
        tellAll()
      })
      tellAll()
      await until(() => turn !== asked.turn || known.get(name) !== asking, HELD_MS)
      return { turn, aheadMs: clock.aheadMs() }
    },
  }
}
