import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { exportJWK, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { SECOND_MS, systemClock } from '../../kernel/time.ts'
import { isPaid } from './bills.ts'
import { startDemo } from './shop.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const bodyOf = async (message: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const shared = randomBytes(32)
const notices = generateKeyPairSync('ed25519')
const tokens = generateKeyPairSync('ed25519')
const noticeKeys = [
  `whsec_${shared.toString('base64')}`,
  `whpk_${createPublicKey(notices.privateKey).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`,
]

type Answer = { readonly status: number; readonly body: unknown }
type Called = { readonly line: string; readonly key: string | undefined; readonly body: unknown }

/** Answers as the hub's documents say; what it answers to an order is the test's to decide. */
const startHub = async (answerOrder: (called: Called) => Answer) => {
  const calls: Called[] = []
  const jwk = { ...(await exportJWK(tokens.publicKey)), kid: 'k1', alg: 'EdDSA' }
  const server = createServer(async (message, answer) => {
    const text = await bodyOf(message)
    const called: Called = {
      line: `${message.method} ${message.url?.split('?')[0]} ${message.headers.authorization ?? ''}`.trim(),
      key: message.headers['idempotency-key']?.toString(),
      body: text === '' ? undefined : JSON.parse(text),
    }
    calls.push(called)
    const { status, body } = message.url?.startsWith('/v1/channels')
      ? {
          status: 200,
          body: { offers: [{ id: 'liepkalni-swedbank', name: 'Swedbank', logo: '/t.svg', health: 'good' }] },
        }
      : message.url === '/.well-known/jwks.json'
        ? { status: 200, body: { keys: [jwk] } }
        : answerOrder(called)
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  return { root: `http://localhost:${address !== null && typeof address === 'object' ? address.port : 0}`, calls }
}

const payment = (status: string, more: object = {}) => ({
  id: 'pay_1',
  reference: 'r',
  status,
  final: status === 'executed',
  attention: [],
  refundedAmount: 0,
  ...more,
})
const takesOrders = (): Answer => ({ status: 201, body: payment('open', { payUrl: 'https://hub.example/pay/abc' }) })

const openShop = async (answerOrder: (called: Called) => Answer = takesOrders) => {
  const hub = await startHub(answerOrder)
  const demo = await startDemo({
    port: 0,
    access: async () => ({ hubRoot: hub.root, apiKey: 'sk_test_x', eService: 'property-tax', noticeKeys }),
    clock: systemClock,
    wait: async () => {},
    log: () => {},
  })
  closers.push(demo.stop)
  const post = (path: string, body: string, headers: Record<string, string>) =>
    fetch(demo.root + path, { method: 'POST', body, headers, redirect: 'manual' })
  return {
    hub,
    demo,
    get: (path: string) => fetch(demo.root + path, { redirect: 'manual' }),
    pay: (fields: Record<string, string> = {}) =>
      post('/bills/1/pay?lang=en', new URLSearchParams(fields).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    notify: (status: string, sequence: number, eService = 'property-tax', secret: Uint8Array = shared) => {
      const body = JSON.stringify({ type: `payment.${status}`, sequence, data: { eService, payment: payment(status) } })
      const seconds = Math.floor(systemClock.now() / SECOND_MS)
      const signed = Buffer.from(`evt_1.${seconds}.${body}`)
      const v1 = createHmac('sha256', secret).update(signed).digest('base64')
      const v1a = sign(null, signed, notices.privateKey).toString('base64')
      const headers = {
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${v1} v1a,${v1a}`,
      }
      return post('/notices', body, { 'content-type': 'application/json', ...headers })
    },
    token: (status: string, audience = 'property-tax', key = tokens.privateKey, lives = 600) =>
      new SignJWT({ reference: 'r', status })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setIssuer(hub.root)
        .setAudience(audience)
        .setSubject('pay_1')
        .setExpirationTime(Math.floor(systemClock.now() / SECOND_MS) + lives)
        .sign(key),
  }
}

describe('the payer pays a bill', () => {
  test('on the hub’s page, where the bank is chosen (way b)', async () => {
    const { hub, pay, demo } = await openShop()
    const sent = await pay()
    expect(sent.status).toBe(303)
    expect(sent.headers.get('location')).toBe('https://hub.example/pay/abc')
    expect(hub.calls[0]).toMatchObject({
      line: 'POST /v1/payments Bearer sk_test_x',
      body: { amount: 8640, currency: 'EUR', attempts: 'many', returnUrl: `${demo.root}/return?lang=en` },
    })
  })

  test('at a bank that the e-service lists itself (way a)', async () => {
    const { hub, pay, get } = await openShop()
    const page = await (await get('/?lang=en')).text()
    expect(page).toContain('name="channel" value="liepkalni-swedbank"')
    expect(page).toContain(`src="${hub.root}/t.svg"`)
    const sent = await pay({ channel: 'liepkalni-swedbank' })
    expect(sent.headers.get('location')).toBe('https://hub.example/pay/abc?channel=liepkalni-swedbank')
    expect(hub.calls.at(-1)).toMatchObject({ body: { channel: 'liepkalni-swedbank' } })
  })

  test('pressing twice leads to the same payment', async () => {
    const { hub, pay } = await openShop()
    await pay()
    const again = await pay()
    expect(again.headers.get('location')).toBe('https://hub.example/pay/abc')
    expect(hub.calls).toHaveLength(1)
  })

  test('when the hub is in trouble a page says that no money was taken, and the next try repeats the same order', async () => {
    const { hub, pay } = await openShop(() => ({ status: 503, body: {} }))
    const failed = await pay()
    expect(failed.status).toBe(502)
    expect(await failed.text()).toContain('No money was taken')
    await pay()
    const orders = hub.calls.filter((call) => call.line.startsWith('POST'))
    expect(new Set(orders.map((call) => call.key)).size).toBe(1)
    // Each press is tried four times.
    expect(orders).toHaveLength(8)
  })

  test('an earlier order whose answer was lost is found again', async () => {
    const { pay } = await openShop(({ line }) =>
      line.startsWith('POST')
        ? { status: 409, body: { code: 'reference_in_use', detail: '…', payment: 'pay_1' } }
        : takesOrders(),
    )
    expect((await pay()).headers.get('location')).toBe('https://hub.example/pay/abc')
  })
})

describe('the e-service hears', () => {
  test('a notice: the bill is paid, once', async () => {
    const { demo, pay, notify, get } = await openShop()
    await pay()
    expect((await notify('started', 1)).status).toBe(204)
    expect((await notify('executed', 2)).status).toBe(204)
    expect((await notify('started', 1)).status).toBe(204)
    expect(demo.bills().filter(isPaid)).toHaveLength(1)
    expect(await (await get('/?lang=en')).text()).toContain('confirmed by a notice, sequence 2')
  })

  test.each([
    ['signed by a stranger', 'property-tax', randomBytes(32)],
    ['for another e-service', 'kindergarten', shared],
  ])('no notice %s', async (_, eService, secret) => {
    const { demo, pay, notify } = await openShop()
    await pay()
    expect((await notify('executed', 1, eService, secret)).status).toBe(400)
    expect(demo.bills().some(isPaid)).toBe(false)
  })
})

describe('the payer comes back', () => {
  test('with a good token before the notice: thanked, and the bill waits', async () => {
    const { demo, pay, token, get } = await openShop()
    await pay()
    const page = await (await get(`/return?lang=en&token=${await token('executed')}`)).text()
    expect(page).toContain('The bank has confirmed your payment')
    expect(page).toContain('http-equiv="refresh"')
    expect(demo.bills().some(isPaid)).toBe(false)
  })

  test('after the notice: all is done', async () => {
    const { pay, notify, token, get } = await openShop()
    await pay()
    await notify('executed', 1)
    const page = await (await get(`/return?lang=en&token=${await token('executed')}`)).text()
    expect(page).toContain('marked as paid')
    expect(page).not.toContain('http-equiv="refresh"')
  })

  test.each([
    ['for another e-service', 'kindergarten', tokens.privateKey, 600],
    ['of a stranger', 'property-tax', generateKeyPairSync('ed25519').privateKey, 600],
    ['that is too old', 'property-tax', tokens.privateKey, -1],
  ])('a token %s proves nothing', async (_, audience, key, lives) => {
    const { pay, token, get } = await openShop()
    await pay()
    const page = await (await get(`/return?lang=en&token=${await token('executed', audience, key, lives)}`)).text()
    expect(page).toContain('could not be verified')
    expect(page).not.toContain('carried by the browser')
  })

  test('no token at all is no fault', async () => {
    const { get } = await openShop()
    expect((await get('/return')).status).toBe(200)
  })
})

describe('the pages', () => {
  test('have no inline code or style and load nothing from strangers', async () => {
    const { get, hub } = await openShop()
    const page = await get('/')
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain(`img-src 'self' ${hub.root};`)
    expect(await page.text()).not.toMatch(/<script|<style|style="| on[a-z]+="/)
  })

  test('begin again with new bills', async () => {
    const { demo, pay } = await openShop()
    await pay()
    await fetch(`${demo.root}/restart`, { method: 'POST', redirect: 'manual' })
    expect(demo.bills().every((bill) => bill.payments.length === 0)).toBe(true)
  })

  test('bills made anew within one second do not carry the references of those before', async () => {
    const { demo } = await openShop()
    const references = new Set<string>()
    for (let run = 0; run < 3; run++) {
      for (const { reference } of demo.bills()) references.add(reference)
      await fetch(`${demo.root}/restart`, { method: 'POST', redirect: 'manual' })
    }
    expect(references.size).toBe(3 * demo.bills().length)
  })
})
