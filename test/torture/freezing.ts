import { setTimeout as pause } from 'node:timers/promises'
import { answerTo } from './asking.ts'
import type { HubProcess } from './hub.ts'
import type { Ledger } from './ledger.ts'
import { served } from './recovery.ts'
import type { Strike } from './striking.ts'

/** A process that stops in the middle of its work, is succeeded, and then goes on as if nothing had been. */

/** Past every lease: of jobs 15 s, of notices 25 s. */
const FROZEN_MS = 30_000
/** So many calls – beginnings, enquiries, refunds – are under way when it stops: the bank takes eight seconds for each. */
const BANK_SLOW_MS = 1_500
/** Within this it has written, or tried to write, what it had done. */
const AWAKE_MS = 3_000

export const freeze: Strike = async (striking) => {
  const { hubs, chance, around, returning } = striking
  const [one, ...others] = hubs.processes.filter((hub) => !hub.isSpared())
  if (!one) return
  const hub = chance.pick(one, ...others)
  hub.spare()
  await answerCalls(around.bankRoot, 'slow')
  await pause(BANK_SLOW_MS)
  hub.freeze()
  await answerCalls(around.bankRoot, 'well')
  returning.push(thawed(striking, hub))
}

const thawed = async (striking: Parameters<Strike>[0], hub: HubProcess): Promise<void> => {
  await pause(FROZEN_MS)
  const since = performance.now()
  hub.thaw()
  await served(striking, hub, 'hub frozen', since)
  await pause(AWAKE_MS)
  await countFenced(striking.ledger, hub)
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
