import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../src/kernel/time.ts'
import { PAST } from './simulation/past.ts'
import { simulateInProcesses } from './simulation/processes.mjs'
import type { Lived } from './simulation/world.ts'

const PROCESSES = 2
/** Every commit lives through other schedules. */
const SCHEDULES = 2_000
/** About three minutes on two cores that do nothing else. */
const AT_MOST_MS = 15 * MINUTE_MS

const seedOfCommit = (): number =>
  Number.parseInt(execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).slice(0, 8), 16)

const told = ({ seed, breaches, story }: Lived): string =>
  [`npm run simulate -- --replay ${seed}`, ...story, ...breaches].join('\n')

describe('a hub in a world where everything goes wrong', () => {
  it(`keeps every law in ${SCHEDULES} schedules of this commit, and in those that once broke one`, {
    timeout: AT_MOST_MS,
  }, async () => {
    const also = PAST.map(({ schedule }) => schedule)
    const run = await simulateInProcesses({ seed: seedOfCommit(), schedules: SCHEDULES, also, processes: PROCESSES })
    expect(run.failures.map(told).join('\n\n')).toBe('')
    expect(run.schedules).toBe(SCHEDULES + also.length)
    expect(run.executed).toBeGreaterThan(SCHEDULES / 10)
    expect(run.crashes).toBeGreaterThan(SCHEDULES / 10)
    // What nobody could know must stay the exception: else the judge would look away from lost money.
    expect(run.untold).toBeLessThan(run.moved / 10)
  })

  it('has the same life again from the same seed, to the letter', async () => {
    const seeds = [11, 12, 13, 14, 15, 16, 17]
    const { lives } = await simulateInProcesses({ also: [...seeds, ...seeds], processes: PROCESSES, keep: true })
    for (const seed of seeds) {
      const [first, second] = lives.filter((life) => life.seed === seed)
      expect(second?.story).toEqual(first?.story)
    }
  })

  it('has its former faults found again by the schedules that found them', async () => {
    for (const { schedule, careless } of PAST) {
      const { failures } = await simulateInProcesses({ also: [schedule], processes: 1, careless: [careless] })
      expect(failures.map(({ seed }) => seed)).toEqual([schedule])
    }
  })

  it('is found out when it keeps no answers, sees to no refunds, takes any amount and tells nobody', async () => {
    const careless = ['answers', 'refunds', 'amounts', 'tasks'] as const
    const { failures } = await simulateInProcesses({ seed: 4, schedules: 150, processes: PROCESSES, careless })
    const found = failures.flatMap(({ breaches }) => breaches).join('\n')
    expect(found).toMatch(/^pay_\w+ is there, and who ordered it was told it is not$/m)
    expect(found).toMatch(/^the refund rfd_\w+ of pay_\w+ is requested for ever, and nobody is told$/m)
    expect(found).toMatch(/is executed, and the bank has taken something else$/m)
    expect(found).toMatch(/^pay_\w+ has the tasks \[\] and the flags \[\w/m)
  })

  it('is found out when its database forgets what it has committed', async () => {
    const { failures } = await simulateInProcesses({ seed: 1, schedules: 60, processes: PROCESSES, forgetful: true })
    expect(failures.length).toBeGreaterThan(0)
  })
})
