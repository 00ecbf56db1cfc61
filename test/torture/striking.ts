import { setTimeout as pause } from 'node:timers/promises'
import { execute } from '../support/test-server.ts'
import type { Chance } from './chance.ts'
import { type Database, WOUNDS, wound } from './database.ts'
import { type Fault, type FaultCounts, planOf } from './faults.ts'
import type { HubProcess } from './hub.ts'
import type { Hubs } from './hubs.ts'
import { beganOutage, type Ledger, recovered } from './ledger.ts'
import { order, type Surroundings } from './payer.ts'

/** Does to hubs and database what was planned, one after the other, while payers go on. */

export type Striking = {
  readonly faults: FaultCounts
  /** What `kill` may fall on. */
  readonly target: 'hub' | 'database' | 'any'
  readonly chance: Chance
  readonly ledger: Ledger
  readonly hubs: Hubs
  readonly database: Database
  readonly around: Surroundings
  readonly say: (line: string) => void
}

const POLL_MS = 10
/** An outage this long is the end: on a busy machine a hub starts in a few seconds. */
const RECOVERY_WAIT_MS = 180_000
/** So many faults fall on what is only just rising. */
const EARLY = 0.2
const SAY_EVERY = 25
/** Connections that are cut at once, at most. */
const CUT_AT_ONCE = 12

export const strikeAll = async (striking: Striking): Promise<void> => {
  const { faults, chance, ledger, say } = striking
  const plan = planOf(faults, chance)
  const returning: Promise<void>[] = []
  for (const [place, fault] of plan.entries()) {
    const isEarly = place > 0 && chance.happens(EARLY)
    if (!isEarly) await flows(ledger)
    await pause(isEarly ? chance.between(0, 300) : chance.between(100, 600))
    await STRIKES[fault]({ ...striking, returning })
    if ((place + 1) % SAY_EVERY === 0)
      say(`${place + 1} of ${plan.length}, ${ledger.created.size} payments acknowledged`)
  }
  await Promise.all(returning)
  await flows(ledger)
}

/** Until all is back and somebody's order was acknowledged once more. */
const flows = async (ledger: Ledger): Promise<void> => {
  const before = ledger.created.size
  await until(() => ledger.outages.size === 0 && ledger.created.size > before, 'the hub acknowledges nothing')
}

const until = async (holds: () => boolean, otherwise: string): Promise<void> => {
  const end = performance.now() + RECOVERY_WAIT_MS
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${otherwise}, for ${RECOVERY_WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

/** `returning` takes what goes on after the strike. */
type Strike = (striking: Striking & { readonly returning: Promise<void>[] }) => Promise<void>

const kill: Strike = async (striking) => {
  const { target, chance, hubs, database, ledger, returning } = striking
  const hub = chance.pick<HubProcess | undefined>(undefined, ...hubs.processes)
  const falls = target === 'hub' ? (hub ?? hubs.processes[0]) : target === 'any' ? hub : undefined
  if (falls) {
    const since = performance.now()
    await falls.strike()
    returning.push(served(striking, falls, since))
    return
  }
  await until(() => database.pid() !== undefined, 'the database does not come back')
  beganOutage(ledger, 'database killed')
  wound(database.pid() ?? 0, chance.pick(...WOUNDS), chance)
}

/** Asks the process itself, past the balancer, until it has served a payment; killed again meanwhile, it counts from that. */
const served = async ({ around, ledger }: Striking, hub: HubProcess, since: number): Promise<void> => {
  const strikes = hub.strikes()
  const ask = order({ ...around, hubRoot: hub.root }, () => hub.strikes() > strikes)
  if ((await ask) !== undefined) recovered(ledger, 'hub killed', since)
}

/** As `pg_ctl stop -m immediate`: nothing is written down any more. */
const stop: Strike = async ({ ledger, database }) => {
  await until(() => database.readyPid() !== undefined, 'the database does not come back')
  beganOutage(ledger, 'database stopped')
  process.kill(database.readyPid() ?? 0, 'SIGQUIT')
}

/** The server ends connections, whatever they are doing. */
const cut: Strike = async ({ chance, database, ledger }) => {
  beganOutage(ledger, 'connections cut')
  await execute(
    database.url(),
    `select pg_terminate_backend(pid) from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid()
     order by random() limit ${chance.between(1, CUT_AT_ONCE)}`,
  ).catch(() => {
    // It is itself away: then all connections are.
  })
}

const STRIKES: Readonly<Record<Fault, Strike>> = { kill, stop, cut }
