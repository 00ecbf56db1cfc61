import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../kernel/time.ts'
import type { Log } from '../platform/log.ts'
import { type Following, followWorld, type MovingClock, movingClock } from '../sandbox/index.ts'
import type { Composed } from './compose.ts'

/**
 * A clock that remembers in `folder` how far it was moved: what the hub has stored keeps its times, so after a restart it must not be earlier
 * than it was.
 */
export const keptClock = (folder: string): MovingClock => {
  const file = join(folder, 'test-clock.json')
  const kept = existsSync(file) ? readKept(readFileSync(file, 'utf8')) : undefined
  const clock = movingClock(systemClock, kept?.aheadMs ?? 0)
  clock.onMove({
    settle: async () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, JSON.stringify({ aheadMs: clock.aheadMs() }))
    },
  })
  return clock
}

const Kept = z.object({ aheadMs: z.number().min(0) })

/** Undefined when the text is none of ours, e.g. cut short by a power failure. */
const readKept = (text: string): z.infer<typeof Kept> | undefined => {
  try {
    return Kept.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export type FollowedClock = {
  readonly clock: MovingClock
  /** Goes where the world's clock is and from now on along with it, doing what falls due on the way. */
  attend(hub: Pick<Composed, 'drain' | 'due' | 'client'>): Promise<void>
  /** Asks no more; before the hub's client is closed. */
  leave(): Promise<void>
}

/** The clock of simulated banks in another process, for a hub in test mode. */
export const followedClock = (world: string, folder: string, log: Log): FollowedClock => {
  const clock = keptClock(folder)
  let following: Following | undefined
  const note = (answers: boolean): void => {
    if (answers) log.info({ world }, 'the test clock answers again')
    else log.warn({ world }, 'no test clock answers there: time goes on by itself until one does')
  }
  return {
    clock,
    attend: async ({ drain, due, client }) => {
      clock.onMove({ settle: drain, due })
      following = followWorld({ world, name: `hub-${randomUUID()}`, clock, send: client.send, note })
      await following.joined
    },
    leave: async () => {
      await following?.stop()
      clock.stop()
    },
  }
}
