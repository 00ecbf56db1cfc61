import { SECOND_MS } from '../kernel/time.ts'
import { CommitUnknown, DatabaseAway, type Db, type Tx } from '../platform/db/db.ts'

/** Together with the seam's own patience as long as a payer waits for the bank's page. */
const ROUNDS = 4
const PAUSE_MS = SECOND_MS

/**
 * Runs a transaction that writes what only this process knows: a PSP's answer, which cannot be asked for again. Repeated when no
 * database answers or the commit's answer was lost; so `work` must find by its keys that it was done already.
 */
export const surely = async <Value>(db: Db, work: (tx: Tx) => Promise<Value>): Promise<Value> => {
  for (let round = 1; ; round++) {
    try {
      return await db.tx(work)
    } catch (fault) {
      const passes = fault instanceof CommitUnknown || fault instanceof DatabaseAway
      if (!passes || round === ROUNDS) throw fault
      await new Promise((resolve) => setTimeout(resolve, fault instanceof CommitUnknown ? 0 : PAUSE_MS))
    }
  }
}
