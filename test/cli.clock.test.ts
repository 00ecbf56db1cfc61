import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DAY_MS, HOUR_MS, parseInstant, systemClock } from '../src/kernel/time.ts'
import { ebizness, ebiznessJson } from './support/command.ts'
import { type Program, runProgram } from './support/program.ts'
import { openTempFolder } from './support/test-server.ts'

/** The demo as a newcomer runs it, and its time moved from another terminal. */

const SLOW_MS = 120_000

let folder: string
let demo: Program
beforeAll(async () => {
  folder = openTempFolder('ebizness-clock-')
  demo = await startDemo()
}, SLOW_MS)
afterAll(async () => {
  await demo.stop()
  rmSync(folder, { recursive: true, force: true })
}, SLOW_MS)

const startDemo = async (): Promise<Program> => {
  const program = await runProgram(['demo'], { folder })
  await program.says(/Test mode: no real money/)
  return program
}
const addressOf = (label: string): string => new RegExp(`${label}:? +(http://\\S+)`).exec(demo.said())?.[1] ?? ''
const world = (): string => addressOf('the simulated banks')

const Shown = z.object({
  now: z.string(),
  aheadMs: z.number(),
  due: z.array(z.object({ at: z.string(), what: z.string(), about: z.string() })),
})
const clock = async (command: string) => {
  const { code, value } = await ebiznessJson({ folder }, `clock ${command} --world ${world()}`)
  return { code, ...Shown.parse(value) }
}

/** Orders a payment in the demo e-service; the address of its page at the hub. */
const order = async (): Promise<string> => {
  const shop = addressOf('pay a bill')
  const answer = await fetch(`${shop}/bills/1/pay?lang=en`, {
    method: 'POST',
    redirect: 'manual',
    body: new FormData(),
  })
  return answer.headers.get('location') ?? ''
}
const pageAt = async (address: string): Promise<string | undefined> =>
  /data-page="([^"]*)"/.exec(await (await fetch(address)).text())?.[1]

describe('ebizness clock', () => {
  it('moves hub and banks together, and the demo started again is not earlier than it was', {
    timeout: SLOW_MS,
  }, async () => {
    const payment = await order()
    const before = await clock('show')
    expect(before).toMatchObject({ code: 0, aheadMs: 0 })
    expect(before.due[0]?.what).toBe('payments.deadline')
    expect(await pageAt(payment)).toBe('choose')

    const hour = await clock('advance PT1H')
    expect(hour).toMatchObject({ code: 0 })
    expect(hour.aheadMs).toBeGreaterThan(HOUR_MS - 1_000)
    expect((parseInstant(hour.now) ?? 0) - systemClock.now()).toBeGreaterThan(HOUR_MS - 10_000)
    await clock('advance 31d')
    expect(await pageAt(payment)).toBe('closed-expired')

    expect(await demo.stop()).toBe(0)
    demo = await startDemo()
    expect((await clock('show')).aheadMs).toBeGreaterThan(31 * DAY_MS)
    expect(await pageAt(await order())).toBe('choose')
    // A command beside it writes by the same time.
    await ebizness({ folder }, 'keys create --e-service property-tax --name later')
    const { value } = await ebiznessJson({ folder }, 'keys list --e-service property-tax')
    const made = z.array(z.object({ name: z.string(), createdAt: z.string() })).parse(value)
    const later = made.find(({ name }) => name === 'later')
    expect((parseInstant(later?.createdAt ?? '') ?? 0) - systemClock.now()).toBeGreaterThan(31 * DAY_MS)
  })

  it.each([
    ['soon', 2, /PT1H/],
    ['0h', 2, /PT1H/],
    ['-1h', 2, /unknown option/],
    ['32d', 2, /31 days/],
    ['PT1H --world nowhere', 2, /--world nowhere/],
    ['PT1H --world http://127.0.0.1:9', 3, /ebizness demo/],
  ])('clock advance %s ends with %i and says what to do', { timeout: SLOW_MS }, async (given, code, words) => {
    const at = given.includes('--world') ? given : `${given} --world ${world()}`
    const ended = await ebizness({ folder }, `clock advance ${at}`)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.said).toMatch(words)
  })

  it('shows a person the time and what comes next', { timeout: SLOW_MS }, async () => {
    const { code, out } = await ebizness({ folder }, `clock show --world ${world()}`)
    expect(code).toBe(0)
    expect(out).toMatch(/^\d{4}-\d\d-\d\dT\S+Z, \d+ s ahead of this machine\n\nNEXT/)
  })
})
