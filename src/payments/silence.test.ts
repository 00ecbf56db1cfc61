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

  it('is given up 23 hours after the attempt began, not later for being asked rarely', () => {
    expect(past.at(-1)).toBe(START + 23 * HOUR_MS)
  })
})

describe('what a person is handed because a bank was silent', () => {
  const silentSince = (lastAt: Instant) => outcome('att_1', 'enquire', 'unknown', { at: lastAt })
  const deadlineOf = (endsAt: Instant, askedMs: readonly number[], lastAt: Instant) => {
    const facts = [ordered('many'), begun('att_1', { terms: { endsAt, askedMs } }), silentSince(lastAt)]
    const [attempt] = stateOf(facts).attempts
    return attempt && attemptDeadline(attempt, undefined)
  }
  const [PLAN_OF_DAYS, SHORT] = [START + 3 * DAY_MS, [MINUTE_MS]]

  it.each<readonly [name: string, next: ReturnType<typeof deadlineOf>, expected: ReturnType<typeof deadlineOf>]>([
    [
      'is it at once after the last question',
      deadlineOf(ENDS, SHORT, START + 23 * HOUR_MS),
      { at: START + 23 * HOUR_MS, what: 'end' },
    ],
    [
      'is it unasked where the bank may not be asked so soon again',
      deadlineOf(ENDS, [2 * HOUR_MS], START + 22 * HOUR_MS),
      { at: START + 23 * HOUR_MS, what: 'end' },
    ],
    [
      'is not it while the bank may still take the money',
      deadlineOf(PLAN_OF_DAYS, SHORT, PLAN_OF_DAYS - 1),
      { at: PLAN_OF_DAYS, what: 'ask' },
    ],
    [
      'is it an hour after a plan of days',
      deadlineOf(PLAN_OF_DAYS, [2 * HOUR_MS], PLAN_OF_DAYS),
      { at: PLAN_OF_DAYS + HOUR_MS, what: 'end' },
    ],
  ])('%s', (_name, next, expected) => {
    expect(next).toEqual(expected)
  })
})
