import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateLimiter } from './limits.ts'

const RATE = { perSecond: 2, burst: 3 }

const moved = () => {
  let now = 1_800_000_000_000
  return {
    now: () => now,
    by: (ms: number) => {
      now += ms
    },
  }
}

describe('a rate limit', () => {
  it('lets a burst through, then says how many whole seconds to wait, and keeps its word', () => {
    const clock = moved()
    const limiter = rateLimiter(RATE, clock)
    expect([1, 2, 3, 4, 5].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1, 1])
    clock.by(1_000)
    expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([0, 0, 1])
  })

  it.each([
    [0, 1],
    [499, 1],
    [500, 0],
  ])('has a place again after half a second, at two a second: after %i ms take says %i', (ms, says) => {
    const clock = moved()
    const limiter = rateLimiter(RATE, clock)
    for (let n = 0; n < 3; n++) limiter.take('a')
    clock.by(ms)
    expect(limiter.take('a')).toBe(says)
  })

  it('tells a slow one how long it really is', () => {
    const limiter = rateLimiter({ perSecond: 0.1, burst: 1 }, moved())
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 10])
  })

  it('counts each caller alone, and saves no more than its burst', () => {
    const clock = moved()
    const limiter = rateLimiter(RATE, clock)
    for (let n = 0; n < 4; n++) limiter.take('a')
    expect(limiter.take('b')).toBe(0)
    clock.by(3_600_000)
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1])
  })

  it('never lets more through than its burst and what time gives, however callers mix and clocks jump', () => {
    const step = fc.record({ caller: fc.constantFrom('a', 'b', 'c'), passMs: fc.integer({ min: -2_000, max: 2_000 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const clock = moved()
        const limiter = rateLimiter(RATE, clock)
        const begun = clock.now()
        let [earliest, latest] = [begun, begun]
        const through = new Map<string, number>()
        for (const { caller, passMs } of steps) {
          clock.by(passMs)
          latest = Math.max(latest, clock.now())
          earliest = Math.min(earliest, clock.now())
          const waits = limiter.take(caller)
          expect(waits).toBeGreaterThanOrEqual(0)
          if (waits === 0) through.set(caller, (through.get(caller) ?? 0) + 1)
        }
        const most = RATE.burst + ((latest - earliest) / 1_000) * RATE.perSecond
        for (const many of through.values()) expect(many).toBeLessThanOrEqual(most + 1e-9)
      }),
    )
  })

  it('remembers ten thousand callers and no more: the longest silent one is forgotten', () => {
    const limiter = rateLimiter({ perSecond: 1, burst: 1 }, moved())
    expect([limiter.take('first'), limiter.take('first')]).toEqual([0, 1])
    for (let n = 0; n < 9_999; n++) limiter.take(`other ${n}`)
    expect(limiter.take('first')).toBe(1)
    for (let n = 0; n < 10_000; n++) limiter.take(`another ${n}`)
    expect(limiter.take('first')).toBe(0)
  })
})
