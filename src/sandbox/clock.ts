import { type Clock, type Instant, systemClock } from '../kernel/time.ts'

/** A clock that runs with another one and can be moved ahead: the hub and the simulated banks share it. */
export type MovingClock = Clock & {
  /** Does `work` when its time has come. `work` must not throw. */
  at(when: Instant, work: () => Promise<void>): void
  /**
   * Moves ahead by `ms`, once what is under way is done. What falls due on the way is done at its own time, in order, each to its end before the next; after each
   * and at the end the listeners are told, so that the hub can do what became due there.
   */
  advance(ms: number): Promise<void>
  onMove(listener: () => Promise<void>): void
  stop(): void
}

type Planned = { readonly when: Instant; readonly place: number; readonly work: () => Promise<void> }

/** Longest wait that a timer takes (2³¹ − 1 ms). */
const MAX_TIMER_MS = 2_147_483_647

export const movingClock = (base: Clock = systemClock): MovingClock => {
  let offset = 0
  let counted = 0
  let planned: readonly Planned[] = []
  let timer: NodeJS.Timeout | undefined
  let moving: Promise<void> = Promise.resolve()
  const underWay = new Set<Promise<void>>()
  const listeners: (() => Promise<void>)[] = []
  const now = (): Instant => base.now() + offset

  const takeDue = (until: Instant): Planned | undefined => {
    const next = planned[0]
    if (!next || next.when > until) return undefined
    planned = planned.slice(1)
    return next
  }
  const wait = () => {
    clearTimeout(timer)
    const next = planned[0]
    if (next) timer = setTimeout(ring, Math.min(Math.max(next.when - now(), 0), MAX_TIMER_MS)).unref()
  }
  /** Real time has come: things that fall due together are done side by side. */
  const ring = () => {
    for (let due = takeDue(now()); due; due = takeDue(now())) {
      const work = due.work()
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    }
    wait()
  }
  const tell = async () => {
    for (const listener of listeners) await listener()
  }
  const move = async (ms: number) => {
    await Promise.all(underWay)
    const until = now() + ms
    for (let due = takeDue(until); due; due = takeDue(until)) {
      offset += Math.max(due.when - now(), 0)
      await due.work()
      await tell()
    }
    offset += Math.max(until - now(), 0)
    await tell()
    wait()
  }

  return {
    now,
    at: (when, work) => {
      planned = [...planned, { when, place: counted++, work }].sort((a, b) => a.when - b.when || a.place - b.place)
      wait()
    },
    advance: (ms) => {
      moving = moving.then(() => move(ms))
      return moving
    },
    onMove: (listener) => {
      listeners.push(listener)
    },
    stop: () => {
      clearTimeout(timer)
      planned = []
    },
  }
}
