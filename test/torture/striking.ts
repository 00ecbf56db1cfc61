import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import type { Database } from './database.ts'
import type { Disk } from './disk.ts'
import { type Fault, type FaultCounts, planOf } from './faults.ts'
import { freeze } from './freezing.ts'
import type { Hubs } from './hubs.ts'
import { kill } from './killing.ts'
import type { Ledger } from './ledger.ts'
import { cut, failOver, full, stop } from './outages.ts'
import { serves } from './recovery.ts'
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
  readonly frozenMs?: number
  /** What goes on after its strike. */
  readonly returning: Promise<void>[]
}

export type Strike = (striking: Striking) => Promise<void>

/** Some follow each other at once, so that several die at nearly the same time. */
const AT_ONCE = 0.3
const SHORTEST_REST_MS = 30
const LONGEST_REST_MS = 250
const SAY_EVERY = 25

export const strikeAll = async (striking: Striking, faults: FaultCounts): Promise<void> => {
  const { chance, ledger, returning, say } = striking
  const plan = planOf(faults, chance)
  const began = performance.now()
  let told = 0
  for (const [place, fault] of plan.entries()) {
    if (!chance.happens(AT_ONCE)) await pause(chance.between(SHORTEST_REST_MS, LONGEST_REST_MS))
    await STRIKES[fault](striking)
    for (const breach of ledger.breaches.slice(told)) say(`! ${breach}`)
    told = ledger.breaches.length
    if ((place + 1) % SAY_EVERY > 0 && place + 1 < plan.length) continue
    const seconds = Math.round((performance.now() - began) / 1_000)
    say(`${place + 1} of ${plan.length} in ${seconds} s, ${ledger.created.size} payments acknowledged`)
  }
  await Promise.all(returning)
  await serves(striking)
}

const STRIKES: Readonly<Record<Fault, Strike>> = { kill, stop, cut, freeze, full, failover: failOver }
