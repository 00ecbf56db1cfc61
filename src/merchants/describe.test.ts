import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseInstant, toRfc3339 } from '../kernel/time.ts'
import { differences, showDuration } from './describe.ts'
import { momentOf, showMoment } from './moments.ts'

const instants = fc.integer({
  min: parseInstant('2020-01-01T00:00:00Z') ?? 0,
  max: parseInstant('2040-01-01T00:00:00Z') ?? 0,
})

describe('what is shown is what would be read', () => {
  it('durations of whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 86_400 }), (seconds) => {
        expect(parseDuration(showDuration(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })

  it('moments, whether they begin a day or end one', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom('first' as const, 'last' as const), (instant, end) => {
        expect(momentOf(showMoment(instant, end), end)).toBe(instant)
      }),
    )
  })

  it('days, summer time or not', () => {
    const days = instants.map((instant) => toRfc3339(instant).slice(0, 10))
    fc.assert(
      fc.property(days, fc.constantFrom('first' as const, 'last' as const), (day, end) => {
        expect(showMoment(momentOf(day, end) ?? 0, end)).toBe(day)
      }),
    )
  })

  it.each([
    ['2026-03-29', 'last', '2026-03-29T21:00:00Z'],
    ['2026-10-25', 'first', '2026-10-24T21:00:00Z'],
    ['2026-10-25', 'last', '2026-10-25T22:00:00Z'],
    ['2024-02-29', 'last', '2024-02-29T22:00:00Z'],
  ] as const)('%s, its %s moment', (day, end, moment) => {
    expect(momentOf(day, end)).toBe(parseInstant(moment))
  })

  it.each(['2026-02-29', '2026-13-01', 'today', '01.02.2026', ''])('%j is no moment', (text) => {
    expect(momentOf(text, 'first')).toBeUndefined()
  })
})

it('differences are empty exactly for equal fields', () => {
  const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'))
  fc.assert(
    fc.property(fields, fields, (before, after) => {
      const found = differences(before, after)
      expect(found.length === 0).toBe(['a', 'b', 'c'].every((name) => before[name] === after[name]))
      for (const { field, from, to } of found) expect([from, to]).toEqual([before[field], after[field]])
    }),
  )
})
