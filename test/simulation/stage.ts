import type { Instant } from '../../src/kernel/time.ts'

/**
 * A world in which everything happens one thing after another, at times of its own. Whoever acts – a node's request or job, a payer's
 * browser, an e-service – is an actor: it runs until it waits for something, and only then does the next thing happen. So one seed
 * gives one order of events, however fast the machine is.
 */
export type Stage = {
  now(): Instant
  /** Plans something that is no actor's; what it starts goes on after it. */
  plan(at: Instant, happening: () => void | Promise<void>): void
  /** Lets somebody act from now on. `process`: dies with it. */
  start(name: string, process: Process | undefined, work: () => Promise<void>): void
  /** For the actor that calls: waits until `arrange` has somebody resume it with a value, at a time of the world. */
  wait<Value>(arrange: (resume: (value: Value) => void) => void): Promise<Value>
  /** For the actor that calls: waits for a time. */
  until(at: Instant): Promise<void>
  /** For the actor that calls: waits its turn and then has the stage to itself until `leave`; within its own turn at once. */
  enter(at: Instant): Promise<() => void>
  /** What must be over before anything else happens. */
  owe(work: Promise<unknown>): void
  /** When the next thing happens; undefined when nothing will. */
  next(): Instant | undefined
  /** Lets the next thing happen, to its end. */
  step(): Promise<void>
}

/** A program that can die: what its actors wait for never comes then. */
export type Process = { readonly name: string; alive: boolean }

type Actor = {
  readonly name: string
  readonly process: Process | undefined
  /** How many things it waits for. */
  waiting: number
  /** Turns that it has now. */
  busy: number
  ended: boolean
  changed: (hangs?: true) => void
}

type Happening = { readonly at: Instant; readonly place: number; readonly happen: () => void | Promise<void> }

/** So long a thing may take on the machine; longer, and an actor waits for what nobody will bring. */
const HANGS_AFTER_MS = 60_000

export const openStage = (start: Instant): Stage => {
  const planned: Happening[] = []
  const owed = new Set<Promise<unknown>>()
  /** Whoever acts now: nobody else does. */
  let acting: Actor | undefined
  let now = start
  let place = 0
  /** What ends the world: somebody in it has failed who must not. */
  let fault: { readonly error: unknown } | undefined

  const plan: Stage['plan'] = (at, happen) => {
    const one = { at: Math.max(at, now), place: place++, happen }
    let low = 0
    let high = planned.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((planned[middle]?.at ?? 0) <= one.at) low = middle + 1
      else high = middle
    }
    planned.splice(low, 0, one)
  }

  const self = (): Actor => {
    if (!acting) throw new Error('only who acts can wait')
    return acting
  }
  const act = (actor: Actor): void => {
    if (acting) throw new Error(`${actor.name} would act beside ${acting.name}`)
    acting = actor
  }
  const isDead = (actor: Actor): boolean => actor.process?.alive === false
  const hasPaused = (actor: Actor): boolean => isDead(actor) || (actor.busy === 0 && (actor.ended || actor.waiting > 0))

  /** Until it waits or has ended. One that has just been resumed is given a turn of the event loop to go on. */
  const paused = async (actor: Actor): Promise<void> => {
    const watch = setTimeout(() => actor.changed(true), HANGS_AFTER_MS)
    try {
      for (;;) {
        await new Promise(setImmediate)
        if (hasPaused(actor)) return
        await new Promise<void>((resolve, reject) => {
          actor.changed = (hangs) => (hangs ? reject(new Error(`${actor.name} waits for what never comes`)) : resolve())
        })
      }
    } finally {
      clearTimeout(watch)
      actor.changed = () => {}
    }
  }

  const wait = <Value>(arrange: (resume: (value: Value) => void) => void, before = (_: Actor): void => {}) => {
    const actor = self()
    actor.waiting++
    actor.changed()
    return new Promise<Value>((resolve) =>
      arrange((value) => {
        if (isDead(actor)) return
        actor.waiting--
        act(actor)
        before(actor)
        resolve(value)
      }),
    )
  }

  return {
    now: () => now,
    plan,
    start: (name, process, work) => {
      const actor: Actor = { name, process, waiting: 0, busy: 0, ended: false, changed: () => {} }
      plan(now, () => {
        if (isDead(actor)) return
        act(actor)
        const end = (): void => {
          actor.ended = true
          actor.changed()
        }
        work().then(end, (error: unknown) => {
          fault ??= { error }
          end()
        })
      })
    },
    wait: (arrange) => wait(arrange),
    until: (at) => wait<void>((resume) => plan(at, () => resume())),
    enter: async (at) => {
      const actor = self()
      if (actor.busy > 0) actor.busy++
      else
        await wait<void>(
          (resume) => plan(at, () => resume()),
          (one) => {
            one.busy++
          },
        )
      return () => {
        actor.busy--
        actor.changed()
      }
    },
    owe: (work) => {
      const done = work.catch(() => {}).finally(() => owed.delete(done))
      owed.add(done)
    },
    next: () => planned[0]?.at,
    step: async () => {
      const next = planned.shift()
      if (!next) return
      now = next.at
      await next.happen()
      if (acting) await paused(acting)
      acting = undefined
      while (owed.size > 0) await Promise.all(owed)
      if (fault) throw fault.error
    },
  }
}
