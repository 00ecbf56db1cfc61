import { describe, expect, it } from 'vitest'
import { parseInstant } from '../kernel/time.ts'
import { type Measure, openMetrics } from './metrics.ts'

const WAITING: Measure = { name: 'notices', labels: { state: 'waiting' }, value: 3 }

/** A registry whose database answers in turn, and a clock of its own. */
const watched = (answers: readonly (readonly Measure[] | Error)[]) => {
  let now = parseInstant('2026-11-23T08:00:00Z')
  let asked = 0
  const metrics = openMetrics({ now: () => now ?? 0 }, async () => {
    const answer = answers[asked++]
    if (answer instanceof Error) throw answer
    return answer ?? []
  })
  return {
    asked: () => asked,
    pass: (ms: number) => {
      now = (now ?? 0) + ms
    },
    told: async () => (await metrics.page()).text.split('\n').filter((line) => line.startsWith('ebizness_notices{')),
  }
}

describe('what waits in the database', () => {
  it('is asked for once in ten seconds, by however many at once', async () => {
    const hub = watched([[WAITING], [{ ...WAITING, value: 4 }]])
    const line = 'ebizness_notices{state="waiting"}'
    expect(await Promise.all([hub.told(), hub.told()])).toEqual([[`${line} 3`], [`${line} 3`]])
    hub.pass(9_999)
    expect(await hub.told()).toEqual([`${line} 3`])
    expect(hub.asked()).toBe(1)
    hub.pass(1)
    expect(await hub.told()).toEqual([`${line} 4`])
  })

  it('is absent while the database is away, and the rest of the page is there', async () => {
    const hub = watched([[WAITING], new Error('away'), [WAITING]])
    await hub.told()
    hub.pass(10_000)
    expect(await hub.told()).toEqual([])
    hub.pass(10_000)
    expect(await hub.told()).toHaveLength(1)
  })
})
