import { describe, expect, it } from 'vitest'
import { begun, ordered, outcome, START } from '../../test/support/facts.ts'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { Fact } from './facts.ts'
import { attemptDeadline, stateOf } from './payment.ts'

const ENDS = START + HOUR_MS
const EACH_MINUTE = { terms: { askedMs: [MINUTE_MS] } }

/** When a bank that never answers is asked about one attempt, until a person is. */
const askedInSilence = (): readonly Instant[] => {
  const facts: Fact[] = [ordered('many'), begun('att_1', EACH_MINUTE)]
  const asked: Instant[] = []
  for (;;) {
    const [attempt] = stateOf(facts).attempts
    const next = attempt && attemptDeadline(attempt, undefined)
    if (next?.what !== 'ask') return asked
    asked.push(next.at)
    facts.push(outcome('att_1', 'enquire', 'unknown', { at: next.at, key: `out:${next.at}` }))
  }
}

describe('a bank that is silent past the end of an attempt’s plan', () => {
  const past = askedInSilence().filter((at) => at >= ENDS)
  const gapAt = (afterMs: number): number => {
    const place = past.findIndex((at) => at >= ENDS + afterMs)
    return (past[place + 1] ?? 0) - (past[place] ?? 0)
  }

  it('is asked ever more rarely, so that an outage of thousands of payments is no flood', () => {
    expect(past.length).toBeLessThan(110)
    expect([0, 15, 60, 120].map((minutes) => Math.round(gapAt(minutes * MINUTE_MS) / MINUTE_MS))).toEqual([1, 1, 3, 6])
    expect(gapAt(12 * HOUR_MS)).toBeLessThan(HOUR_MS)
  })

  it('is given up a day after it, not later for being asked rarely', () => {
    expect(past.at(-1)).toBeLessThan(ENDS + DAY_MS + 2 * MINUTE_MS)
    expect(past.at(-1)).toBeGreaterThanOrEqual(ENDS + DAY_MS)
  })
})
