import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { WOUNDS, wound } from './cluster.ts'
import type { HubProcess } from './hub.ts'
import { beganOutage, note } from './ledger.ts'
import { goOn, served, serves, until } from './recovery.ts'
import type { Strike, Striking } from './striking.ts'

/** `kill -9`: of a hub that bears a part of the load, or of a database that answers. */

/** So many are struck once more while they are only just rising; those kills are not counted among the planned ones. */
const AGAIN = 0.1
const AGAIN_WITHIN_MS = 300

export const kill: Strike = async (striking) => {
  const { target, chance, hubs } = striking
  const awake = hubs.processes.filter((hub) => !hub.isSpared()).length
  const onDatabase = target === 'database' || (target === 'any' && chance.happens(1 / (awake + 1)))
  if (onDatabase) await killDatabase(striking)
  else await killHub(striking)
}

const killHub = async (striking: Striking): Promise<void> => {
  const { chance, hubs, ledger } = striking
  await until(() => hubs.serving().length > 0, 'no hub serves')
  const hub = oneOf(chance, hubs.serving())
  const strike = async (what: string): Promise<void> => {
    note(ledger, what)
    await hub.strike()
    hubs.struck([hub])
  }
  const since = performance.now()
  await strike('hub killed')
  if (chance.happens(AGAIN)) {
    await pause(chance.between(0, AGAIN_WITHIN_MS))
    await strike('hub killed while rising')
  }
  goOn(striking, served(striking, hub, 'hub killed', since))
}

const oneOf = (chance: Chance, [first, ...more]: readonly HubProcess[]): HubProcess => {
  if (!first) throw new Error('no hub is left to be killed')
  return chance.pick(first, ...more)
}

const killDatabase = async (striking: Striking): Promise<void> => {
  const { chance, hubs, database, ledger } = striking
  await serves(striking)
  const strike = (what: string): boolean => {
    const pid = database.pid()
    if (pid === undefined) return false
    note(ledger, what)
    beganOutage(ledger, 'database killed')
    wound(pid, chance.pick(...WOUNDS), chance)
    hubs.struck(hubs.processes)
    return true
  }
  await until(() => database.readyPid() !== undefined && strike('database killed'), 'the database does not come back')
  if (!chance.happens(AGAIN)) return
  await pause(chance.between(0, AGAIN_WITHIN_MS))
  strike('database killed while rising')
}
