import { type Clock, SECOND_MS } from '../../kernel/time.ts'

/** How many requests one caller may make: `burst` at once, then `perSecond`. Kept in process: each node counts for itself. */
export type RateLimit = { readonly perSecond: number; readonly burst: number }

/** A token bucket for each caller. `take` returns 0 when the request may go on, else the seconds to wait. */
export type RateLimiter = { take(caller: string): number }

/** Callers remembered at most; beyond it who asked longest ago is forgotten, which only ever lets more through. */
const MAX_CALLERS = 10_000

export const rateLimiter = ({ perSecond, burst }: RateLimit, clock: Clock): RateLimiter => {
  const buckets = new Map<string, { left: number; readonly at: { ms: number } }>()
  return {
    take: (caller) => {
      const now = clock.now()
      const bucket = buckets.get(caller) ?? { left: burst, at: { ms: now } }
      const passedMs = Math.max(0, now - bucket.at.ms)
      bucket.left = Math.min(burst, bucket.left + (passedMs / SECOND_MS) * perSecond)
      // A clock that was set back must not give the same time twice.
      bucket.at.ms = Math.max(bucket.at.ms, now)
      buckets.delete(caller)
      buckets.set(caller, bucket)
      if (buckets.size > MAX_CALLERS) forgetOldest(buckets)
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) / perSecond)
      bucket.left -= 1
      return 0
    },
  }
}

const forgetOldest = (buckets: Map<string, unknown>): void => {
  const [oldest] = buckets.keys()
  if (oldest !== undefined) buckets.delete(oldest)
}
