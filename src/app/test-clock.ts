import { randomUUID } from 'node:crypto'
import { systemClock } from '../kernel/time.ts'
import type { Log } from '../platform/log.ts'
import { type Following, followWorld, type MovingClock, movingClock } from '../sandbox/index.ts'
import type { Composed } from './compose.ts'
import { keepAheadMs, keptAheadMs } from './kept-time.ts'

/** A clock that remembers in `folder` how far it was moved. */
export const keptClock = (folder: string): MovingClock => {
  const clock = movingClock(systemClock, keptAheadMs(folder))
  clock.onMove({ settle: async () => keepAheadMs(folder, clock.aheadMs()) })
  return clock
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
