import { describe, expect, test } from 'vitest'
import { movingClock } from './clock.ts'

const START = 1_800_000_000_000
const still = () => movingClock({ now: () => START })

describe('a clock that is moved', () => {
  test('does what falls due on the way, each at its own time and in order', async () => {
    const clock = still()
    const done: (readonly [string, number])[] = []
    const note = (name: string) => async () => {
      done.push([name, clock.now() - START])
    }
    clock.at(START + 2000, note('second'))
    clock.at(START + 1000, async () => {
      await note('first')()
      clock.at(START + 1500, note('planned on the way'))
    })
    clock.at(START + 9000, note('too late'))
    await clock.advance(5000)
    clock.stop()
    expect(done).toEqual([
      ['first', 1000],
      ['planned on the way', 1500],
      ['second', 2000],
    ])
    expect(clock.now()).toBe(START + 5000)
  })

  test('tells its listeners at every stop', async () => {
    const clock = still()
    const stops: number[] = []
    clock.onMove({ settle: async () => void stops.push(clock.now() - START) })
    clock.at(START + 1000, async () => {})
    await clock.advance(3000)
    expect(stops).toEqual([1000, 3000])
  })

  test('stops where a companion has something to do, and tells all what comes next', async () => {
    const clock = still()
    const stops: number[] = []
    clock.onMove({
      settle: async () => void stops.push(clock.now() - START),
      // Something every second, some of it long past.
      due: async () => [500, 1500, 2500, 3500].map((ms) => ({ at: START + ms, what: 'hub', about: `${ms}` })),
    })
    clock.at(START + 2000, async () => {}, { what: 'bank', about: 'swedbank-lv' })
    expect((await clock.due()).map(({ at }) => at - START)).toEqual([500, 1500, 2000, 2500, 3500])
    await clock.advance(3000)
    expect(stops).toEqual([500, 1500, 2000, 2500, 3000])
    expect((await clock.due()).map(({ about }) => about)).toEqual(['3500'])
  })

  test('waits for what real time began while it asked what comes next', async () => {
    const clock = still()
    const done: number[] = []
    let ring = () => {}
    const rung = new Promise<void>((resolve) => {
      ring = resolve
    })
    // Asked, a companion answers only when the timer has rung.
    clock.onMove({
      settle: async () => {},
      due: async () => {
        await rung
        return []
      },
    })
    clock.at(START, async () => {
      ring()
      await new Promise((resolve) => setImmediate(resolve))
      clock.at(clock.now() + 1000, async () => void done.push(clock.now() - START))
    })
    await clock.advance(3000)
    clock.stop()
    expect(done).toEqual([1000])
  })

  test('ends a move although something is always due soon', async () => {
    const clock = still()
    clock.onMove({ settle: async () => {}, due: async () => [{ at: clock.now() + 1, what: 'hub', about: '' }] })
    await clock.advance(3_600_000)
    expect(clock.now()).toBe(START + 3_600_000)
  })

  test('goes on after a move that failed', async () => {
    const clock = still()
    let away = true
    clock.onMove({
      settle: async () => {
        if (away) throw new Error('the database is away')
      },
    })
    await expect(clock.advance(1000)).rejects.toThrow('away')
    away = false
    await clock.advance(1000)
    expect(clock.aheadMs()).toBe(2000)
  })

  test('two moves follow each other', async () => {
    const clock = still()
    await Promise.all([clock.advance(1000), clock.advance(500)])
    expect(clock.now()).toBe(START + 1500)
  })

  test('left alone, it rings by real time', async () => {
    const clock = movingClock()
    await new Promise<void>((resolve) => {
      clock.at(clock.now() + 5, async () => resolve())
    })
    clock.stop()
  })
})
