import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { WOUNDS, wound } from './cluster.ts'
import type { Database } from './database.ts'
import type { Disk } from './disk.ts'
import { type Fault, type FaultCounts, planOf } from './faults.ts'
import { freeze } from './freezing.ts'
import type { HubProcess } from './hub.ts'
import type { Hubs } from './hubs.ts'
import { beganOutage, type Ledger } from './ledger.ts'
import { cut, failOver, full, stop } from './outages.ts'
import { RECOVERY_WAIT_MS, served, until } from './recovery.ts'
import type { Surroundings } from './surroundings.ts'

/** Does to hubs and database what was planned, one after the other, while payers go on. */

export type Striking = {
  /** What `kill` may fall on. */
  readonly target: 'hub' | 'database' | 'any'
  readonly chance: Chance
  readonly ledger: Ledger
  readonly hubs: Hubs
  readonly database: Database
  /** Where all that the database writes is; undefined: a large one. */
  readonly disk: Disk | undefined
  readonly around: Surroundings
  readonly say: (line: string) => void
  /** What goes on after its strike. */
  readonly returning: Promise<void>[]
}

export type Strike = (striking: Striking) => Promise<void>

/** So many faults fall on what is only just rising. */
const EARLY = 0.2
const SAY_EVERY = 25

export const strikeAll = async (striking: Striking, faults: FaultCounts): Promise<void> => {
  const { chance, ledger, returning, say } = striking
  const plan = planOf(faults, chance)
  for (const [place, fault] of plan.entries()) {
    const isEarly = place > 0 && MAY_BE_EARLY[fault] && chance.happens(EARLY)
    if (!isEarly) await flows(ledger)
    await pause(isEarly ? chance.between(0, 300) : chance.between(100, 600))
    await STRIKES[fault](striking)
    if ((place + 1) % SAY_EVERY === 0)
      say(`${place + 1} of ${plan.length}, ${ledger.created.size} payments acknowledged`)
  }
  await Promise.all(returning)
  await flows(ledger)
}

/** Until all is back and somebody's order was acknowledged once more. */
const flows = async (ledger: Ledger): Promise<void> => {
  const before = ledger.created.size
  await until(
    () => ledger.outages.size === 0 && ledger.created.size > before,
    `the hubs acknowledge nothing, for ${RECOVERY_WAIT_MS / 1_000} s now`,
  )
}

const kill: Strike = async (striking) => {
  const { target, chance, hubs, database, ledger, returning } = striking
  const awake = hubs.processes.filter((hub) => !hub.isSpared())
  const hub = target === 'database' ? undefined : chance.pick<HubProcess | undefined>(awake[0], ...awake.slice(1))
  const onDatabase = target === 'database' || (target === 'any' && chance.happens(1 / (awake.length + 1)))
  if (hub && !onDatabase) {
    const since = performance.now()
    await hub.strike()
    returning.push(served(striking, hub, 'hub killed', since))
    return
  }
  await until(() => database.pid() !== undefined, 'the database does not come back')
  beganOutage(ledger, 'database killed')
  wound(database.pid() ?? 0, chance.pick(...WOUNDS), chance)
}

const STRIKES: Readonly<Record<Fault, Strike>> = { kill, stop, cut, freeze, full, failover: failOver }
/** What counts on finding all in order is not done to what is only just rising. */
const MAY_BE_EARLY: Readonly<Record<Fault, boolean>> = {
  kill: true,
  stop: true,
  cut: true,
  freeze: true,
  full: false,
  failover: false,
}
