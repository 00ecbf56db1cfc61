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
    clock.onMove(async () => {
      stops.push(clock.now() - START)
    })
    clock.at(START + 1000, async () => {})
    await clock.advance(3000)
    expect(stops).toEqual([1000, 3000])
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
