import { type Clock, DAY_MS, type Instant, systemClock } from '../kernel/time.ts'

/** Something that will happen by itself: what kind of thing, and of which payment, bank or address. */
export type Due = { readonly at: Instant; readonly what: string; readonly about: string }

/** Who lives by a moved clock: the hub, beside the banks. */
export type Companion = {
  /** Goes to this time before anything is done there; for one that has a clock of its own, in another process. */
  reach?(): Promise<void>
  /** Does everything that is due by now, to its end. */
  settle(): Promise<void>
  /** What it will do by itself after now, earliest first: the clock stops there on its way. Absent: it is only told when the others stop. */
  due?(): Promise<readonly Due[]>
}

/** A clock that runs with another one and can be moved ahead, never back: the hub and the simulated banks share it. */
export type MovingClock = Clock & {
  /** How far it is ahead of the clock it runs with, in milliseconds. */
  aheadMs(): number
  /** Does `work` when its time has come. `work` must not throw. */
  at(when: Instant, work: () => Promise<void>, due?: Omit<Due, 'at'>): void
  /**
   * Moves ahead by `ms`, once what is under way is done. What falls due on the way is done at its own time, in order, each to its end before the next; after each
   * and at the end the companions settle what became due there.
   */
  advance(ms: number): Promise<void>
  /** Moves, in the same way, until it is ahead by so much; does nothing where it is already. */
  catchUp(aheadMs: number): Promise<void>
  /** What happens next by itself, earliest first. */
  due(): Promise<readonly Due[]>
  onMove(companion: Companion): void
  stop(): void
}

/**
 * One move goes no further than this: nothing that hub and banks wait for by themselves lasts longer (notices are repeated for 30 days, a demo order is open for as long),
 * and a slip of the pen does not take the clock, which never goes back, to where every agreement has ended.
 */
export const MAX_STEP_MS = 31 * DAY_MS
/** Stops of one move; past it the rest is one stop, so that something that is always due soon cannot hold the clock for hours. */
const MAX_STOPS = 2_000
/** Longest wait that a timer takes (2³¹ − 1 ms). */
const MAX_TIMER_MS = 2_147_483_647

type Planned = { readonly when: Instant; readonly place: number; readonly work: () => Promise<void>; readonly due: Due }

const NAMELESS: Omit<Due, 'at'> = { what: 'bank', about: '' }

export const movingClock = (base: Clock = systemClock, aheadMs = 0): MovingClock => {
  let offset = aheadMs
  let counted = 0
  let planned: readonly Planned[] = []
  let timer: NodeJS.Timeout | undefined
  let moving: Promise<void> = Promise.resolve()
  const underWay = new Set<Promise<void>>()
  const companions: Companion[] = []
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
  const settle = async () => {
    for (const companion of companions) await companion.settle()
  }
  const due = async (): Promise<readonly Due[]> => {
    const theirs = await Promise.all(companions.map((companion) => companion.due?.() ?? []))
    const here = now()
    return [...planned.map((one) => one.due), ...theirs.flat().filter(({ at }) => at > here)].sort(
      (a, b) => a.at - b.at,
    )
  }
  const goTo = (when: Instant) => {
    offset += Math.max(when - now(), 0)
  }
  const work = async (one: Planned) => {
    for (const companion of companions) await companion.reach?.()
    await one.work()
  }
  const move = async (until: () => Instant) => {
    for (let stops = 0; stops < MAX_STOPS; stops++) {
      const [next] = await due()
      if (underWay.size > 0) {
        // Begun by real time while we asked: it may plan what falls due on the way.
        await Promise.all(underWay)
        continue
      }
      if (!next || next.at > until()) break
      goTo(next.at)
      const planned = takeDue(next.at)
      if (planned) await work(planned)
      await settle()
    }
    for (let late = takeDue(until()); late; late = takeDue(until())) {
      goTo(late.when)
      await work(late)
    }
    goTo(until())
    await settle()
    wait()
  }
  /** One move after the other, each once what is under way is done; one that failed stands in nobody's way. */
  const inTurn = (turn: () => Promise<void>): Promise<void> => {
    const moved = moving.then(() => Promise.all(underWay)).then(turn)
    moving = moved.catch(() => undefined)
    return moved
  }

  return {
    now,
    aheadMs: () => offset,
    at: (when, work, tells = NAMELESS) => {
      const one: Planned = { when, place: counted++, work, due: { ...tells, at: when } }
      planned = [...planned, one].sort((a, b) => a.when - b.when || a.place - b.place)
      wait()
    },
    advance: (ms) =>
      inTurn(() => {
        const until = now() + ms
        return move(() => until)
      }),
    catchUp: (aheadMs) => inTurn(() => move(() => base.now() + Math.max(aheadMs, offset))),
    due,
    onMove: (companion) => {
      companions.push(companion)
    },
    stop: () => {
      clearTimeout(timer)
      planned = []
    },
  }
}
