import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, parseInstant, SECOND_MS } from '../kernel/time.ts'
import { GIVE_UP_AFTER_MS, judge, type Verdict } from './ladder.ts'

const NOW = parseInstant('2026-11-23T08:00:00Z') ?? 0
const fresh = { since: NOW, step: 0 }
const waitOf = (verdict: Verdict, from = NOW): number | string =>
  verdict.verdict === 'again' ? verdict.at - from : verdict.verdict

test.each([
  [200, 'acknowledged'],
  [202, 'acknowledged'],
  [204, 'acknowledged'],
  [299, 'acknowledged'],
  [410, 'gone'],
  [100, 'again'],
  [301, 'again'],
  [302, 'again'],
  [400, 'again'],
  [401, 'again'],
  [404, 'again'],
  [429, 'again'],
  [500, 'again'],
  [503, 'again'],
  [undefined, 'again'],
])('an answer of %s means: %s', (status, verdict) => {
  expect(judge({ status }, fresh, NOW, 0).verdict).toBe(verdict)
})

test.each([
  [0, 5 * SECOND_MS],
  [1, MINUTE_MS],
  [2, 5 * MINUTE_MS],
  [3, 30 * MINUTE_MS],
  [4, 2 * HOUR_MS],
  [5, 5 * HOUR_MS],
  [6, 10 * HOUR_MS],
  [7, DAY_MS],
  [8, DAY_MS],
  [30, DAY_MS],
])('after failure %i it is sent again in %i ms, or a tenth sooner', (step, delayMs) => {
  expect(waitOf(judge({ status: 500 }, { since: NOW, step }, NOW, 0))).toBe(delayMs)
  expect(waitOf(judge({ status: 500 }, { since: NOW, step }, NOW, 1))).toBe(delayMs * 0.9)
})

test.each([
  ['120', 2 * MINUTE_MS],
  ['1', 5 * SECOND_MS],
  ['0', 5 * SECOND_MS],
  ['Mon, 23 Nov 2026 08:30:00 GMT', 30 * MINUTE_MS],
  ['Mon, 23 Nov 2026 07:00:00 GMT', 5 * SECOND_MS],
  ['999999999', DAY_MS],
  ['Wed, 01 Jan 2098 00:00:00 GMT', DAY_MS],
  ['soon', 5 * SECOND_MS],
  ['-5', 5 * SECOND_MS],
  ['1.5', 5 * SECOND_MS],
  ['', 5 * SECOND_MS],
  ['23 Nov 2026 08:30', 5 * SECOND_MS],
])('Retry-After: %s waits %i ms', (retryAfter, delayMs) => {
  expect(waitOf(judge({ status: 503, retryAfter }, fresh, NOW, 0))).toBe(delayMs)
})

describe('thirty days', () => {
  const since = NOW - GIVE_UP_AFTER_MS
  it('has its last try at the end', () => {
    const early = { since: since + HOUR_MS, step: 20 }
    expect(waitOf(judge({ status: 500, retryAfter: '86400' }, early, NOW, 0))).toBe(HOUR_MS)
  })
  it('gives up when that fails too', () => {
    expect(waitOf(judge({ status: 500 }, { since, step: 20 }, NOW, 0))).toBe('gave_up')
  })
  it('takes a late acknowledgement', () => {
    expect(waitOf(judge({ status: 200 }, { since: since - DAY_MS, step: 20 }, NOW, 0))).toBe('acknowledged')
  })

  it('never waits more than a day, nor past the end, and comes to an end', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (chances) => {
        let now = NOW
        for (let step = 0; ; step++) {
          const verdict = judge({ status: 500 }, { since: NOW, step }, now, chances[step % chances.length] ?? 0)
          if (verdict.verdict !== 'again') break
          expect(verdict.at).toBeGreaterThan(now)
          expect(verdict.at - now).toBeLessThanOrEqual(DAY_MS)
          now = verdict.at
        }
        expect(now).toBe(NOW + GIVE_UP_AFTER_MS)
      }),
    )
  })
})
