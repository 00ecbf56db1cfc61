import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, parseHttpDate, SECOND_MS } from '../kernel/time.ts'

/** When a notice that was not acknowledged is sent again. Pure. */

/** After the first, second … failure; the last one repeats. */
const STEPS_MS = [
  5 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  DAY_MS,
]
/** Receivers that fell together do not rise together: up to a tenth of a step is taken off. */
const JITTER = 0.1
/** A receiver may ask for this much patience at most. */
const LONGEST_RETRY_AFTER_MS = DAY_MS
export const GIVE_UP_AFTER_MS = 30 * DAY_MS

/** What came back; no status when nothing did. */
export type Answer = { readonly status: number | undefined; readonly retryAfter?: string | undefined }

export type Verdict =
  | { readonly verdict: 'acknowledged' }
  /** 410: this address wants no more notices. */
  | { readonly verdict: 'gone' }
  | { readonly verdict: 'again'; readonly at: Instant }
  | { readonly verdict: 'gave_up' }

/** How a sending stands: when it was first owed, how often it has failed before. */
export type Standing = { readonly since: Instant; readonly step: number }

/** `jitter` is a random number from 0 to 1. */
export const judge = (answer: Answer, standing: Standing, now: Instant, jitter: number): Verdict => {
  const { status } = answer
  if (status !== undefined && status >= 200 && status < 300) return { verdict: 'acknowledged' }
  if (status === 410) return { verdict: 'gone' }
  const end = standing.since + GIVE_UP_AFTER_MS
  if (now >= end) return { verdict: 'gave_up' }
  const step = STEPS_MS[Math.min(standing.step, STEPS_MS.length - 1)] ?? DAY_MS
  const rung = now + Math.round(step * (1 - JITTER * jitter))
  // The last try is at the very end.
  return { verdict: 'again', at: Math.min(Math.max(rung, retryAfter(answer, now)), end) }
}

/** RFC 9110 §10.2.3: seconds, or a date. It lengthens a step and never shortens one. */
const retryAfter = ({ retryAfter: asked = '' }: Answer, now: Instant): Instant => {
  const at = /^\d{1,9}$/.test(asked) ? now + Number(asked) * SECOND_MS : (parseHttpDate(asked) ?? now)
  return Math.min(at, now + LONGEST_RETRY_AFTER_MS)
}
