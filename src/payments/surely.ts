import { SECOND_MS } from '../kernel/time.ts'
import { CommitUnknown, DatabaseAway, type Db, type Tx } from '../platform/db/db.ts'

/**
 * A round whose statement waits for a lock ends after ten seconds, one that finds no database sooner. None begins later than this, so
 * that a payer has an answer within 25 s: a socket that is still for 30 s is cut. Only a network that swallows answers takes longer.
 */
const LAST_ROUND_AFTER_MS = 14 * SECOND_MS
const ROUNDS = 4
const PAUSE_MS = SECOND_MS

/**
 * Runs a transaction that writes what only this process knows: a PSP's answer, which cannot be asked for again. Repeated when no
 * database answers or the commit's answer was lost; so `work` must find by its keys that it was done already.
 */
export const surely = async <Value>(db: Db, work: (tx: Tx) => Promise<Value>): Promise<Value> => {
  const begun = performance.now()
  for (let round = 1; ; round++) {
    try {
      return await db.tx(work)
    } catch (fault) {
      const passes = fault instanceof CommitUnknown || fault instanceof DatabaseAway
      const pauseMs = fault instanceof CommitUnknown ? 0 : PAUSE_MS
      const isLate = performance.now() - begun + pauseMs > LAST_ROUND_AFTER_MS
      if (!passes || round === ROUNDS || isLate) throw fault
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
