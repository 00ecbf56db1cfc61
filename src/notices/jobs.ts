import { HOUR_MS, SECOND_MS } from '../kernel/time.ts'
import type { Db } from '../platform/db/db.ts'
import type { Deliveries } from './delivery.ts'
import type { Placed } from './store/events.ts'

/**
 * The time edge: places what was committed, sends what is due. A commit in this process wakes it at once; what others left behind is
 * found by asking the database. Asking is the truth, waking is only faster.
 */
export type Rounds = {
  start(): void
  /** Begins nothing more, and waits for what is under way, at most `graceMs`. */
  stop(graceMs: number): Promise<void>
  /** Something was committed. */
  wake(): void
  /** More can be sent to these at once. */
  ready(addresses: readonly string[]): void
}

export type RoundParts = {
  readonly db: Db
  place(): Promise<Placed>
  readonly deliveries: Deliveries
  /** Hourly housekeeping. */
  tidy(): Promise<void>
  fault(error: unknown, what: string): void
}

/** Nobody woke us: another node's notices, retries, leases that ended. */
const POLL_MS = 400
/** Between rounds under load, so that one commit places several events. */
const SPACING_MS = 10
/** After a fault, most often a database that is away. */
const PAUSE_MS = 1_000
const TIDY_EVERY_MS = HOUR_MS
/** A node whose clock is off claims nothing: it would end others' leases. */
const MAX_SKEW_MS = 2 * SECOND_MS
const CLOCK_CHECK_MS = 10 * SECOND_MS

export const openRounds = (parts: RoundParts): Rounds => {
  const { deliveries, fault } = parts
  const wanted = new Set<string>()
  let running = false
  let claiming: Promise<void> | undefined
  let placing = Promise.resolve()
  let woken = false
  let interrupt = (): void => {}

  /** Until the time is over, or somebody wakes us; under load in any case a little. */
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, woken ? SPACING_MS : ms)
      if (woken || ms === SPACING_MS) return
      interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const claimWanted = async (): Promise<void> => {
    while (running && wanted.size > 0) {
      const addresses = [...wanted]
      wanted.clear()
      await deliveries.begin(addresses)
    }
  }

  const ready = (addresses: readonly string[]): void => {
    for (const address of addresses) wanted.add(address)
    if (!running || claiming || wanted.size === 0) return
    claiming = claimWanted()
      .catch((error: unknown) => fault(error, 'notices that are due could not be claimed'))
      .finally(() => {
        claiming = undefined
        if (wanted.size > 0) ready([])
      })
  }

  const round = async (state: { checkedAt: number; polledAt: number; tidiedAt: number }): Promise<number> => {
    woken = false
    const at = performance.now()
    if (at - state.checkedAt >= CLOCK_CHECK_MS) {
      const skewMs = Math.round(await parts.db.clockSkewMs())
      if (Math.abs(skewMs) > MAX_SKEW_MS) throw new Error(`this clock is ${skewMs} ms from the database's`)
      state.checkedAt = at
    }
    const { count, addresses } = await parts.place()
    ready(addresses)
    if (at - state.polledAt >= POLL_MS) {
      state.polledAt = at
      ready(await deliveries.due())
    }
    if (at - state.tidiedAt >= TIDY_EVERY_MS) {
      state.tidiedAt = at
      await parts.tidy()
    }
    return count > 0 ? SPACING_MS : POLL_MS
  }

  const run = async (): Promise<void> => {
    // Housekeeping only after an hour: what was due while we were down is tried first.
    const state = {
      checkedAt: Number.NEGATIVE_INFINITY,
      polledAt: Number.NEGATIVE_INFINITY,
      tidiedAt: performance.now(),
    }
    while (running) {
      const pauseMs = await round(state).catch((error: unknown) => {
        fault(error, 'a round of notices failed')
        return PAUSE_MS
      })
      if (running) await rest(pauseMs)
    }
  }

  return {
    start: () => {
      if (running) return
      running = true
      placing = run()
    },
    stop: async (graceMs) => {
      running = false
      interrupt()
      const ended = Promise.all([placing, claiming]).then(() => deliveries.idle())
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs)
      })
      await Promise.race([ended, late])
      clearTimeout(timer)
    },
    wake: () => {
      woken = true
      interrupt()
    },
    ready,
  }
}
