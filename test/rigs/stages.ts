import type { Db } from '../../src/platform/db/db.ts'
import { DatabaseAway } from '../../src/platform/db/db.ts'
import { freshDatabase } from '../support/database.ts'
import { startTestHub } from '../support/hub.ts'
import type { Stage } from '../support/story.ts'
import { type Line, startLine } from './line.ts'
import { type Habit, startNaiveHub } from './naive.ts'

/** Our hub and naive ones beside it: one clock, one bank, one line to it, one e-service that listens. */

export type RigStage = Stage & {
  readonly line: Line
  /** While it is set, nothing can be written. */
  setOutage(away: boolean): void
}

export type RigStages = {
  readonly ours: RigStage
  naive(habits: readonly Habit[]): Promise<RigStage>
  stop(): Promise<void>
}

/** A bank that is away for days is asked by the hour. */
const ASK_AFTER = '{ begun: 30, returned: 2, asked: [5, 30, 3600] }'
/** Far above what our hub numbers in a test. */
const NAIVE_NUMBERS = 500_000
const NUMBERS_EACH = 1_000

export const startRigStages = async (): Promise<RigStages> => {
  const line = await startLine()
  const fresh = await freshDatabase()
  let away = false
  const db: Db = {
    ...fresh.db,
    tx: (work) => (away ? Promise.reject(new DatabaseAway('unplugged by the rig')) : fresh.db.tx(work)),
  }
  const hub = await startTestHub({
    database: { ...fresh, db },
    file: (text) =>
      text.replaceAll(/http:\/\/localhost:\d+\/sandbox"/g, `${line.root}/sandbox", askAfterSeconds: ${ASK_AFTER}`),
  })
  line.leadTo(hub.world.root)
  const ends: (() => Promise<void>)[] = [() => hub.stop(), () => line.stop()]
  const ours: RigStage = {
    ...hub,
    line,
    setOutage: (now) => {
      away = now
    },
  }
  let made = 0
  return {
    ours,
    naive: async (habits) => {
      const firstNumber = NAIVE_NUMBERS + NUMBERS_EACH * made++
      const naive = await startNaiveHub({ stage: hub, bankRoot: line.root, habits, firstNumber })
      ends.unshift(() => naive.stop())
      return { ...ours, ...naive }
    },
    stop: async () => {
      for (const end of ends) await end()
    },
  }
}
