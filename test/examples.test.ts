import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { startTestHub, type TestHub } from './support/hub.ts'
import { formsOf, submit, visit } from './support/payer.ts'
import { freePorts } from './support/ports.ts'
import { type Program, runExample } from './support/program.ts'
import { chosen, decided } from './support/story.ts'

/** The e-services that integrators copy, each as a process of its own, paid at a simulated bank through a whole hub. */

const EXAMPLES = ['node-http', 'express', 'fastify', 'hono'] as const
type Example = (typeof EXAMPLES)[number]
const FOLDER = 'docs/integrating/examples'

const serviceOf = (example: Example): string => `example-${example}`

const File = z.looseObject({
  merchants: z.array(z.looseObject({ eServices: z.array(z.looseObject({ id: z.string() })) })),
})
/** The demo's file with an e-service for each example beside the demo's own. */
const withExamples = (text: string, roots: Readonly<Record<Example, string>>): string => {
  const file = File.parse(parse(text))
  const [merchant] = file.merchants
  const [own] = merchant?.eServices ?? []
  for (const example of EXAMPLES) {
    const root = roots[example]
    const notices = [{ url: `${root}/notices` }]
    merchant?.eServices.push({ ...own, id: serviceOf(example), returnOrigins: [root], notices })
  }
  return stringify(file)
}

let hub: TestHub
let roots: Readonly<Record<Example, string>>
const running: Program[] = []
beforeAll(async () => {
  const [a, b, c, d] = await freePorts(EXAMPLES.length)
  const rootOf = (port: number | undefined) => `http://localhost:${port}`
  roots = { 'node-http': rootOf(a), express: rootOf(b), fastify: rootOf(c), hono: rootOf(d) }
  hub = await startTestHub({ file: (text) => withExamples(text, roots) })
})
afterAll(async () => {
  for (const program of running) await program.kill()
  await hub.stop()
})

const start = async (example: Example): Promise<Program> => {
  const [address] = await hub.composed.notices.addresses(serviceOf(example))
  const { key } = await hub.keyOf(serviceOf(example))
  const program = await runExample(`${FOLDER}/${example}/server.mjs`, {
    HUB_URL: hub.root,
    HUB_API_KEY: key,
    HUB_NOTICE_KEYS: `${address?.secret} ${address?.publicKey}`,
    E_SERVICE: serviceOf(example),
    PUBLIC_URL: roots[example],
    PORT: new URL(roots[example]).port,
  })
  running.push(program)
  await program.says(/listens as/)
  return program
}

/** The payer presses the bill's button; the hub's page where that leads. */
const pressed = async (root: string): Promise<string> => {
  const [form] = formsOf(await visit(root))
  if (!form) throw new Error('there is nothing to pay')
  return (await submit(form)).url
}
const leave = (payUrl: string) => submit({ action: `${payUrl}/return`, method: 'POST', fields: {} })

describe.each(EXAMPLES)('%s', (example) => {
  it('sells, is paid, believes only what the hub signed, and remembers', async () => {
    const root = roots[example]
    const program = await start(example)
    const first = await pressed(root)
    expect(await pressed(root)).toBe(first)
    expect((await leave(first)).text).toContain('Nothing was paid')
    await hub.settle()

    const second = await pressed(root)
    expect(second).not.toBe(first)
    await chosen(hub, second, 'sandbox')
    await decided(hub, 'sandbox', 'pay')
    expect((await leave(second)).text).toContain('The bank has confirmed')
    await hub.settle()
    expect((await visit(root)).text).toContain('123.45 EUR: paid')

    const told = await hub.composed.notices.feed(serviceOf(example), undefined, 10)
    const events = told === 'bad_cursor' ? [] : told.events
    expect(events.map(({ type }) => type)).toEqual(['payment.cancelled', 'payment.started', 'payment.executed'])
    const [, started] = events
    expect(started && (await hub.composed.notices.redeliver(serviceOf(example), started.id))).toBe('queued')
    await hub.settle()
    expect((await visit(root)).text).toContain('123.45 EUR: paid')

    await program.kill()
    await start(example)
    expect((await visit(root)).text).toContain('123.45 EUR: paid')
  })

  it('refuses what is forged, too large or nowhere', async () => {
    const root = roots[example]
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }
    const post = async (path: string, body: string) =>
      (await fetch(root + path, { method: 'POST', headers, body, redirect: 'manual' })).status
    expect(await post('/notices', '{"type":"payment.executed"}')).toBe(400)
    expect(await post('/notices', '')).toBe(400)
    expect(await post('/notices', 'x'.repeat(70_000))).toBe(413)
    expect(await post('/bills/none/pay', '')).toBe(404)
    expect((await visit(`${root}/nowhere`)).status).toBe(404)
    expect((await visit(`${root}/back?token=forged`)).text).toContain('Welcome back')
    expect((await visit(`${root}/back`)).text).toContain('Welcome back')
  })
})

it('the examples differ in their last part alone', () => {
  const shared = EXAMPLES.map((example) => {
    const text = readFileSync(join(import.meta.dirname, '..', FOLDER, example, 'server.mjs'), 'utf8')
    return text.slice(text.indexOf('\nconst setting'), text.lastIndexOf('\n// ---'))
  })
  expect(shared[0]?.length).toBeGreaterThan(3_000)
  for (const text of shared) expect(text).toBe(shared[0])
})
