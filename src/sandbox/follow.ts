import { z } from 'zod'
import { SECOND_MS } from '../kernel/time.ts'
import type { MovingClock } from './clock.ts'
import { HELD_MS } from './followers.ts'
import type { Send } from './outbox.ts'

/** A hub's side of a clock that lives with the simulated banks in another process. */

export type FollowOptions = {
  /** Where the simulated banks listen, without a slash at the end. */
  readonly world: string
  /** Unlike any other that follows. */
  readonly name: string
  /** The hub's own; whoever does something by it is told by it. */
  readonly clock: MovingClock
  readonly send: Send
  /** Told once when nobody answers, and once when somebody does again. */
  readonly note: (answers: boolean) => void
}

export type Following = {
  /** Resolves when the first question was answered, or not. */
  readonly joined: Promise<void>
  stop(): Promise<void>
}

const Turn = z.object({ turn: z.int(), aheadMs: z.number().min(0) })
const PAUSE_MS = SECOND_MS
const MAX_BYTES = 65_536

export const followWorld = ({ world, name, clock, send, note }: FollowOptions): Following => {
  let stopped = false
  let wake = () => {}
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const tell = (path: 'follow' | 'leave', body: unknown) =>
    send({
      method: 'POST',
      url: `${world}/api/clock/${path}`,
      headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify(body)),
      timeoutMs: 2 * HELD_MS,
      maxBytes: MAX_BYTES,
    })
  const ask = async (turn: number): Promise<z.infer<typeof Turn> | undefined> => {
    const sent = await tell('follow', { name, turn, aheadMs: clock.aheadMs(), due: await clock.due() })
    if (sent.kind !== 'answered' || sent.reply.status !== 200) return undefined
    return Turn.safeParse(JSON.parse(new TextDecoder().decode(sent.reply.body))).data
  }

  let first = () => {}
  const joined = new Promise<void>((resolve) => {
    first = resolve
  })
  const run = async () => {
    let done = 0
    let answers = true
    while (!stopped) {
      const next = await ask(done).catch(() => undefined)
      if (!stopped && answers !== (next !== undefined)) note(next !== undefined)
      answers = next !== undefined
      // What cannot be settled now, for the database is away, is settled with a later turn.
      if (next && next.turn !== done) await clock.catchUp(next.aheadMs).catch(() => undefined)
      done = next?.turn ?? 0
      first()
      if (!next && !stopped) await pause(PAUSE_MS)
    }
  }
  const running = run()
  return {
    joined,
    stop: async () => {
      stopped = true
      wake()
      // Nobody waits for it, and its question, if there is one, is answered at once.
      await tell('leave', { name }).catch(() => undefined)
      await running
    },
  }
}
