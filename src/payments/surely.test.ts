import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SECOND_MS } from '../kernel/time.ts'
import { CommitUnknown, DatabaseAway, type Db } from '../platform/db/db.ts'
import { surely } from './surely.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A database of which each transaction takes its time and then fails so. */
const failing = (tookMs: number, fault: Error): Db & { readonly rounds: () => number } => {
  let rounds = 0
  const fail = async () => {
    rounds++
    await new Promise((resolve) => setTimeout(resolve, tookMs))
    throw fault
  }
  return {
    tx: fail,
    query: fail,
    listen: fail,
    clockSkewMs: fail,
    usage: () => ({ used: 0, idle: 0, waiting: 0, most: 0 }),
    close: async () => {},
    rounds: () => rounds,
  }
}

/** How long it is tried, and in how many rounds. */
const tried = async (tookMs: number, fault: Error): Promise<readonly [seconds: number, rounds: number]> => {
  const db = failing(tookMs, fault)
  const begun = performance.now()
  const given = expect(surely(db, async () => {})).rejects.toBe(fault)
  await vi.runAllTimersAsync()
  await given
  return [Math.round((performance.now() - begun) / SECOND_MS), db.rounds()]
}

describe('a transaction that must surely be written', () => {
  const away = new DatabaseAway('no writable PostgreSQL answers')

  it.each<readonly [name: string, tookMs: number, fault: Error, tried: readonly [seconds: number, rounds: number]]>([
    ['three times where a search for the database takes long', 5 * SECOND_MS, away, [17, 3]],
    ['four times where that is told at once', 0, away, [3, 4]],
    ['twice behind a lock, so that the payer’s connection is not cut meanwhile', 10 * SECOND_MS, away, [21, 2]],
    ['without a pause where a commit’s answer was lost', 0, new CommitUnknown('lost'), [0, 4]],
    ['once where the statement itself is wrong', 0, new Error('wrong'), [0, 1]],
  ])('is tried %s', async (_name, tookMs, fault, expected) => {
    expect(await tried(tookMs, fault)).toEqual(expected)
  })

  it('is given up within 25 seconds however long a round takes that is no longer than a statement', async () => {
    for (let tookMs = 0; tookMs <= 10 * SECOND_MS; tookMs += SECOND_MS / 4)
      expect((await tried(tookMs, away))[0]).toBeLessThan(25)
  })
})
