import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { channels, type Step } from '../channels/index.ts'
import { simulators } from '../channels/simulators.ts'
import { MINUTE_MS } from '../kernel/time.ts'
import { openClient } from '../platform/http/client.ts'
import { movingClock } from './clock.ts'
import { demoKeys, renderDemoFile, setupsFrom } from './demo/fixtures.ts'
import { startWorld } from './world.ts'

const channel = channels.map((listed) => listed.channel).find((one) => one.id === 'sandbox')
const API_KEY = 'sandbox_LIEPKALNI_throw-away-test-fixture'
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const bodyOf = async (message: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** Somebody who listens where the hub would, and answers what it is told to. */
const startListener = async (statuses: number[]) => {
  const heard: { readonly body: string; readonly signature: string | undefined }[] = []
  const server: Server = createServer(async (message, answer) => {
    const signature = message.headers['x-sandbox-signature']
    heard.push({ body: await bodyOf(message), signature: Array.isArray(signature) ? signature[0] : signature })
    answer.writeHead(statuses.shift() ?? 200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { root: `http://localhost:${port}`, heard }
}

const openWorld = async (statuses: number[] = []) => {
  const listener = await startListener(statuses)
  const clock = movingClock()
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  const faults: string[] = []
  const world = await startWorld({
    port: 0,
    simulators,
    setups: (root) => setupsFrom(renderDemoFile({ bankRoot: root, shopRoot: listener.root })),
    keys: demoKeys(),
    clock,
    random: randomBytes,
    send: client.send,
    log: (event, fields) => {
      if (event === 'sandbox.fault') faults.push(String(fields.error))
    },
  })
  closers.push(
    () => client.close(),
    () => world.stop(),
    async () => clock.stop(),
  )
  const begin = async (amountMinor: number, number = '1001', language = 'lv'): Promise<Response> => {
    if (!channel) throw new Error('the sandbox is not in the list')
    const settings = channel.settings.parse({ merchantId: 'LIEPKALNI', url: `${world.root}/sandbox` })
    const step: Step = await channel.begin(
      {
        attempt: { id: 'att_1', number },
        amount: { amountMinor, currency: 'EUR' },
        payee: { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' },
        reference: `NIN-2026-${number}`,
        description: 'Nekustamā īpašuma nodoklis 2026',
        language,
        addresses: { back: `${listener.root}/back`, notice: `${listener.root}/notice` },
      },
      {
        id: 'liepkalni-sandbox',
        settings,
        learned: {},
        now: clock.now(),
        nonce: '0'.repeat(32),
        sign: async () => new Uint8Array(),
        verify: async () => false,
        digest: async () => new Uint8Array(),
      },
    )
    if (step.step !== 'call') throw new Error('the sandbox is called first')
    const { message } = step
    return post(message.url, Buffer.from(message.body ?? []).toString('utf8'), {
      ...message.headers,
      authorization: `Bearer ${API_KEY}`,
    })
  }
  const get = (path: string, headers: Record<string, string> = {}) =>
    request(path.startsWith('http') ? path : world.root + path, { headers })
  const post = (path: string, body: string, headers: Record<string, string>) =>
    request(path.startsWith('http') ? path : world.root + path, { method: 'POST', body, headers })
  const form = (path: string, fields: Record<string, string>) =>
    post(path, new URLSearchParams(fields).toString(), { 'content-type': 'application/x-www-form-urlencoded' })
  const json = (path: string, body: unknown) => post(path, JSON.stringify(body), { 'content-type': 'application/json' })
  return { world, listener, clock, faults, begin, get, form, json }
}

const request = (url: string, init: RequestInit): Promise<Response> => fetch(url, { ...init, redirect: 'manual' })

const idOf = async (reply: Response): Promise<string> => {
  const made: unknown = await reply.json()
  return typeof made === 'object' && made !== null && 'id' in made ? String(made.id) : ''
}

describe('a simulated bank over real sockets', () => {
  test('takes an order, shows it to the tester, pays it, sends its notice and the payer back', async () => {
    const { world, listener, begin, get, form } = await openWorld()
    const reply = await begin(12_345)
    expect(reply.status).toBe(201)
    const id = await idOf(reply)

    const first = await get(`/sandbox/pay/${id}`)
    expect(first.status).toBe(303)
    const page = await get(first.headers.get('location') ?? '', { 'accept-language': 'lv' })
    const markup = await page.text()
    expect(markup).toContain('Nekustamā īpašuma nodoklis 2026')
    expect(markup).toContain('<html lang="lv">')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(markup).not.toMatch(/<style|style="|<script>| on[a-z]+="/)

    const back = await form(`/orders/sandbox/${id}/choose`, { choice: 'pay' })
    expect(back.status).toBe(303)
    expect(back.headers.get('location')).toBe(`${listener.root}/back?payment=${id}&status=paid`)
    await world.advance(1)
    expect(listener.heard).toHaveLength(1)
    expect(listener.heard[0]?.body).toContain('"status":"paid"')
    expect(world.orders()).toMatchObject([{ id, paid: true, decided: { id: 'pay' } }])
  })

  test('a notice is sent again, minute by minute, until it is answered with 200', async () => {
    const { world, listener, begin, json } = await openWorld([503, 400, 200])
    const id = await idOf(await begin(12_345))
    await json(`/api/orders/${id}/choose`, { choice: 'return_lost' })
    await world.advance(1)
    expect(listener.heard).toHaveLength(1)
    await world.advance(20 * MINUTE_MS)
    expect(listener.heard).toHaveLength(3)
    expect(new Set(listener.heard.map((message) => message.body)).size).toBe(1)
    expect(world.sent().map((one) => one.answer)).toEqual([200, 400, 503])
  })

  test('a late notice leaves when the clock is moved there', async () => {
    const { listener, begin, json } = await openWorld()
    const id = await idOf(await begin(12_345))
    await json(`/api/orders/${id}/choose`, { choice: 'notice_late' })
    await json('/api/clock/advance', { ms: MINUTE_MS })
    expect(listener.heard).toHaveLength(0)
    await json('/api/clock/advance', { ms: MINUTE_MS + 1000 })
    expect(listener.heard).toHaveLength(1)
  })

  test('a slow bank answers when its time has come', async () => {
    const { world, begin } = await openWorld()
    let answered = false
    const slow = begin(10_092).then((reply) => {
      answered = true
      return reply
    })
    while (world.orders().length === 0) await new Promise((resolve) => setImmediate(resolve))
    await world.advance(7000)
    expect(answered).toBe(false)
    await world.advance(2000)
    expect((await slow).status).toBe(201)
  })

  test('a silent bank is silent until the caller gives up or the world stops', async () => {
    const { world, begin } = await openWorld()
    const silent = begin(10_093).catch((error: unknown) => error)
    await world.advance(MINUTE_MS)
    await world.stop()
    expect(await silent).toBeInstanceOf(Error)
  })

  test('two orders at once are two orders', async () => {
    const { world, begin } = await openWorld()
    await Promise.all(Array.from({ length: 20 }, (_, at) => begin(1000, String(2000 + at))))
    expect(new Set(world.orders().map((order) => order.id)).size).toBe(20)
  })
})

describe('the tester’s API', () => {
  test('lists orders and choices, and says what is wrong', async () => {
    const { begin, get, json } = await openWorld()
    const id = await idOf(await begin(12_345))
    expect(await (await get('/api/orders')).json()).toMatchObject({
      orders: [{ id, channel: 'sandbox', number: '1001', amount: { amountMinor: 12_345 }, paid: false, decided: null }],
    })
    expect(await (await get('/api/channels')).json()).toMatchObject({
      channels: expect.arrayContaining(
        ['swedbank-lv', 'sandbox'].map((channel) => expect.objectContaining({ channel })),
      ),
    })
    expect((await json('/api/orders/none/choose', { choice: 'pay' })).status).toBe(404)
    expect((await json(`/api/orders/${id}/choose`, { choice: 'dance' })).status).toBe(422)
    expect((await json(`/api/orders/${id}/choose`, {})).status).toBe(422)
    expect((await json('/api/clock/advance', { ms: -1 })).status).toBe(422)
    expect(await (await json(`/api/orders/${id}/choose`, { choice: 'decline' })).json()).toMatchObject({
      answer: { kind: 'carry', method: 'GET' },
    })
  })
})

describe('the language of a bank’s page', () => {
  test.each([
    { ordered: 'lv', browser: 'en', asked: '', shown: 'lv' },
    { ordered: 'en', browser: 'lv', asked: '', shown: 'en' },
    { ordered: 'et', browser: 'lv', asked: '', shown: 'en' },
    { ordered: 'lv', browser: 'lv', asked: '?lang=en', shown: 'en' },
  ])('ordered in $ordered by a browser in $browser$asked is $shown', async ({ ordered, browser, asked, shown }) => {
    const { begin, get } = await openWorld()
    const id = await idOf(await begin(12_345, '1001', ordered))
    const page = await get(`/orders/sandbox/${id}${asked}`, { 'accept-language': browser })
    expect(await page.text()).toContain(`<html lang="${shown}">`)
  })
})

describe('the tester’s pages', () => {
  test('list what the banks know, and move the clock', async () => {
    const { begin, get, form, clock } = await openWorld()
    await begin(12_345)
    const list = await (await get('/?lang=en')).text()
    expect(list).toContain('€123.45')
    expect(list).toContain('Waits for a decision')
    const before = clock.now()
    expect((await form('/clock', { ms: '60000' })).status).toBe(303)
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000)
  })

  test.each(['/nothing', '/orders/sandbox/none', '/orders/none/none', '/sandbox/pay/none'])(
    '%s is a plain page',
    async (path) => {
      const { get, faults } = await openWorld()
      const page = await get(path)
      expect(page.status).toBe(404)
      expect(page.headers.get('content-type')).toContain('text/html')
      expect(faults).toEqual([])
    },
  )

  test('a choice that does not exist changes nothing', async () => {
    const { world, begin, form } = await openWorld()
    const id = await idOf(await begin(12_345))
    expect((await form(`/orders/sandbox/${id}/choose`, { choice: 'dance' })).status).toBe(422)
    expect(world.orders()).not.toMatchObject([{ decided: {} }])
  })
})
