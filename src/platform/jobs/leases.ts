import { type Clock, type Instant, SECOND_MS } from '../../kernel/time.ts'
import type { Db } from '../db/db.ts'
import { type ClaimedJob, prolongJobs } from './store.ts'

/**
 * A claim is short, and a process that lives prolongs those of the runs it is busy with: the jobs of one that died wait no longer than
 * this, however long they may take. A machine that stops for longer than a claim is succeeded while it is still at work; that is as after
 * a crash, and its finishing write counts for nothing.
 */
export const CLAIM_MS = 15 * SECOND_MS
/** Two beats may be lost. */
export const BEAT_MS = 5 * SECOND_MS

export type Leases = {
  /** How long the claim of a job lasts whose run may take so long. */
  first(leaseMs: number): number
  /** This process is busy with it, and gives it up after so long. */
  hold(job: Claim, leaseMs: number): void
  /** How its run ended is written. */
  letGo(job: Claim): void
  /** Prolongs what is held. What another transaction has locked is left for the next beat. */
  beat(): Promise<void>
}

type Claim = Pick<ClaimedJob, 'kind' | 'key' | 'fence'>

export const openLeases = ({ db, clock }: { readonly db: Db; readonly clock: Clock }): Leases => {
  const held = new Map<string, { readonly claim: Claim; readonly endsAt: Instant }>()
  const nameOf = ({ kind, key, fence }: Claim): string => `${fence} ${kind} ${key}`
  let beating = false
  const prolong = async (): Promise<void> => {
    const now = clock.now()
    const living = [...held.values()].filter(({ endsAt }) => now < endsAt)
    if (living.length === 0) return
    await prolongJobs(
      db,
      living.map(({ claim, endsAt }) => ({ ...claim, until: Math.min(now + CLAIM_MS, endsAt) })),
    )
  }
  return {
    first: (leaseMs) => Math.min(leaseMs, CLAIM_MS),
    hold: (claim, leaseMs) => held.set(nameOf(claim), { claim, endsAt: clock.now() + leaseMs }),
    letGo: (claim) => held.delete(nameOf(claim)),
    beat: async () => {
      if (beating) return
      beating = true
      await prolong().finally(() => {
        beating = false
      })
    },
  }
}
