import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HOUR_MS, parseInstant, toRfc3339 } from '../src/kernel/time.ts'
import { demoFolder, renderDemoFile } from '../src/sandbox/index.ts'
import { ebizness, ebiznessJson } from './support/command.ts'
import { formsOf, submit, visit } from './support/payer.ts'
import { type Program, runProgram } from './support/program.ts'
import { openTempFolder } from './support/test-server.ts'

/** `ebizness sandbox` and `ebizness start`, each in a process of its own, with one time. */

const SLOW_MS = 120_000

let folder: string
let banks: Program
let hub: Program
let world: string
let root: string
let key: string

/** A port that is free now: the hub must know its own address before it is there. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

beforeAll(async () => {
  folder = openTempFolder('ebizness-follow-')
  cpSync(demoFolder, folder, { recursive: true })
  const file = join(folder, 'cma.yaml')
  const shopRoot = 'http://localhost:9'
  writeFileSync(file, renderDemoFile({ bankRoot: 'http://localhost:9', shopRoot }))
  banks = await runProgram(['sandbox', 'cma.yaml', '--port', '0'], { folder })
  world = (await banks.says(/listen at (http:\S+\d)/))[1] ?? ''
  writeFileSync(file, renderDemoFile({ bankRoot: world, shopRoot }))
  const port = await freePort()
  root = `http://localhost:${port}`
  const env = { EBIZNESS_MODE: 'test', EBIZNESS_PUBLIC_URL: root, EBIZNESS_LOG_LEVEL: 'warn' }
  expect((await ebizness({ folder, env }, 'apply cma.yaml --yes')).code).toBe(0)
  const made = await ebiznessJson({ folder, env }, 'keys create --e-service property-tax')
  key = z.object({ key: z.string() }).parse(made.value).key
  hub = await runProgram(['start'], { folder, env: { ...env, PORT: String(port), EBIZNESS_TEST_CLOCK: world } })
  await hub.says(/listens on port/)
}, SLOW_MS)
afterAll(async () => {
  expect(await hub.stop()).toBe(0)
  expect(await banks.stop()).toBe(0)
  rmSync(folder, { recursive: true, force: true })
}, SLOW_MS)

const Shown = z.object({
  now: z.string(),
  due: z.array(z.object({ at: z.string(), what: z.string(), about: z.string() })),
})
const clock = async (command: string) =>
  Shown.parse((await ebiznessJson({ folder }, `clock ${command} --world ${world}`)).value)

const Payment = z.object({ id: z.string(), payUrl: z.string(), status: z.string() })
const call = async (path: string, body?: unknown): Promise<z.infer<typeof Payment>> => {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'idempotency-key': `${Math.random()}`,
  }
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  return Payment.parse(await (await fetch(root + path, init)).json())
}
const order = (reference: string, expiresAt: string) =>
  call('/v1/payments', {
    reference,
    amount: 12_345,
    currency: 'EUR',
    description: { lv: 'Nodoklis', en: 'Tax' },
    returnUrl: 'http://localhost:9/back',
    expiresAt,
  })
const statusOf = async ({ id }: { readonly id: string }) => (await call(`/v1/payments/${id}`)).status

describe('a hub that goes by the clock of simulated banks in another process', () => {
  it('asks a bank whose messages were lost, and closes what has expired, when the tester moves time', {
    timeout: SLOW_MS,
  }, async () => {
    const inAnHour = toRfc3339((parseInstant((await clock('show')).now) ?? 0) + HOUR_MS)
    const [open, asked] = [await order('FOLLOW-1', inAnHour), await order('FOLLOW-2', inAnHour)]
    const form = formsOf(await visit(asked.payUrl)).find((one) => one.action.includes('/choose'))
    if (!form) throw new Error('nothing can be chosen')
    await submit(form, { offer: 'sandbox' })
    const { orders } = z
      .object({ orders: z.array(z.object({ id: z.string() })) })
      .parse(await (await fetch(`${world}/api/orders`)).json())
    const decision = { method: 'POST', body: JSON.stringify({ choice: 'both_lost' }) }
    await fetch(`${world}/api/orders/${orders[0]?.id}/choose`, decision)
    expect(await statusOf(asked)).toBe('started')
    expect((await clock('show')).due).toContainEqual({ what: 'payments.deadline', about: open.id, at: inAnHour })

    await clock('advance 5m')
    expect([await statusOf(open), await statusOf(asked)]).toEqual(['open', 'executed'])
    await clock('advance PT1H')
    expect([await statusOf(open), await statusOf(asked)]).toEqual(['expired', 'executed'])
  })

  it('exists in test mode only, and not beside the demo’s own', { timeout: SLOW_MS }, async () => {
    const env = {
      EBIZNESS_TEST_CLOCK: world,
      EBIZNESS_MASTER_KEY: Buffer.alloc(32, 'test').toString('base64'),
      EBIZNESS_PUBLIC_URL: 'https://hub.liepkalni.example',
    }
    const live = await ebizness({ folder, env: { ...env, EBIZNESS_MODE: 'live' } }, 'start')
    expect([live.code, live.said]).toEqual([2, 'EBIZNESS_TEST_CLOCK: exists in test mode only: unset it\n'])
    const demo = await ebizness({ folder, env: { EBIZNESS_TEST_CLOCK: world } }, 'demo')
    expect([demo.code, demo.said]).toEqual([2, 'the demo has a clock of its own: unset EBIZNESS_TEST_CLOCK\n'])
    for (const path of ['/clock', '/api/clock', '/api/clock/advance'])
      expect((await fetch(root + path)).status).toBe(404)
  })
})
