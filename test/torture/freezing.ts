import { setTimeout as pause } from 'node:timers/promises'
import { answerTo } from './asking.ts'
import type { HubProcess } from './hub.ts'
import { type Ledger, note } from './ledger.ts'
import { goOn, served, serves, until } from './recovery.ts'
import type { Strike, Striking } from './striking.ts'
import { handBack, noteLeases, succeed, underWay } from './succeeding.ts'

/** A process that stops in the middle of its work, is succeeded, and then goes on as if nothing had been. */

/** Past every lease: of jobs 15 s, of notices 25 s. */
const FROZEN_MS = 30_000
/** By then calls – beginnings, enquiries, refunds – are under way: the bank takes eight seconds for each. */
const BANK_SLOW_MS = 1_500
/** So that some of them are surely its own. */
const RUNS_PER_HUB = 2
const RUNS_LOOK_MS = 200
const RUNS_LOOKS = 75
/** Who lives has prolonged its leases by then (each 5 s), and none has run out yet. */
const PROLONGED_MS = 7_000
/** Within this it has written, or tried to write, what it had done. */
const AWAKE_MS = 3_000

export const freeze: Strike = async (striking) => {
  const { hubs, chance, around, ledger } = striking
  await serves(striking)
  const awake = (): readonly HubProcess[] => hubs.processes.filter((hub) => !hub.isSpared())
  await until(() => awake().length > 0, 'all hubs are frozen')
  const [one, ...others] = awake()
  if (!one) throw new Error('no hub is left to be frozen')
  const hub = chance.pick(one, ...others)
  hub.spare()
  await answerCalls(around.bankRoot, 'slow')
  await pause(BANK_SLOW_MS)
  await busy(striking)
  note(ledger, 'hub frozen')
  hub.freeze()
  await answerCalls(around.bankRoot, 'well')
  goOn(striking, thawed(striking, hub))
}

/** Until jobs are under way, or for as long as may be expected. */
const busy = async ({ database, hubs }: Striking): Promise<void> => {
  for (let look = 1; look <= RUNS_LOOKS; look++, await pause(RUNS_LOOK_MS)) {
    if ((await underWay(database.url)) >= hubs.processes.length * RUNS_PER_HUB) return
  }
}

const thawed = async (striking: Striking, hub: HubProcess): Promise<void> => {
  const { database, ledger, say, frozenMs = FROZEN_MS } = striking
  const leases = await noteLeases(database.url)
  await pause(PROLONGED_MS)
  const succeeded = await succeed(leases)
  ledger.counts.succeeded += succeeded
  await pause(frozenMs - PROLONGED_MS)
  const since = performance.now()
  note(ledger, 'hub thawed')
  hub.thaw()
  striking.hubs.struck([hub])
  await served(striking, hub, 'hub frozen', since)
  await pause(AWAKE_MS)
  await countFenced(ledger, hub)
  for (const { kind, key } of await handBack(leases))
    ledger.breaches.push(`the run of a frozen hub ended ${kind} ${key}, which another had taken over`)
  say(`A hub was frozen past its leases; ${succeeded} of its jobs were held by another when it awoke.`)
  hub.unspare()
}

/** How the simulated bank answers calls from now on. */
const answerCalls = async (bankRoot: string, calls: 'slow' | 'well'): Promise<void> => {
  const { ok } = await fetch(`${bankRoot}/sandbox/switch`, { method: 'PUT', body: JSON.stringify({ calls }) })
  if (!ok) throw new Error(`the simulated bank cannot be made to answer ${calls}`)
}

/** Runs whose lease ended before they did: it tells them itself, once the database answers it. */
const countFenced = async (ledger: Ledger, hub: HubProcess): Promise<void> => {
  const answer = await answerTo(ledger, { url: `${hub.root}/metrics` })
  for (const [, runs = '0'] of (answer?.text ?? '').matchAll(/^ebizness_job_runs_total\{.*"overtaken".*\} (\d+)$/gm))
    ledger.counts.fenced += Number(runs)
}
