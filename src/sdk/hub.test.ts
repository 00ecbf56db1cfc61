import { createServer, type RequestListener } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { HubError, orThrow } from './answer.ts'
import { openHub } from './hub.ts'

/** The client against servers that are no hub, or not as one should be. */

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const serving = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer)
  closing.push(() => server.close() && server.closeAllConnections())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
const wait = async () => {}
const order = { reference: 'A', amount: 1, currency: 'EUR', description: 'A', returnUrl: 'https://shop.example' }

describe('a client is not made', () => {
  test.each([
    ['without an address', '', 'key', /^url: give/],
    ['with a host alone', 'pay.example', 'key', /^url: give/],
    ['with another scheme', 'ftp://pay.example', 'key', /^url: give/],
    ['without a key', 'https://pay.example', '', /^apiKey: give/],
    ['with a variable that is not set', 'https://pay.example', JSON.parse('{}').key, /^apiKey: give/],
    ['with a key that kept its line end', 'https://pay.example', 'sk_test_a\n', /^apiKey: give/],
  ])('%s', (_, url, apiKey, sentence) => {
    expect(() => openHub({ url, apiKey })).toThrow(sentence)
  })
})

describe('an answer that is not a hub’s is told as such', () => {
  test.each([
    ['a page', '<!doctype html>'],
    ['a text', '"hello"'],
    ['nothing', ''],
    ['null', 'null'],
    ['more than any answer of a hub', `"${'x'.repeat(8 * 1024 * 1024)}"`],
  ])('%s', async (_, body) => {
    for (const status of [200, 404]) {
      const url = await serving((_request, response) => response.writeHead(status).end(body))
      const answer = await openHub({ url, apiKey: 'key', wait }).getPayment('pay_1')
      expect(answer).toMatchObject({ ok: false, problem: { code: 'not_the_hub', status } })
    }
  })

  test('another address', async () => {
    const url = await serving((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end())
    const answer = await openHub({ url, apiKey: 'key', wait }).getPayment('pay_1')
    expect(answer).toMatchObject({ ok: false, problem: { code: 'unreachable', status: 0 } })
  })
})

describe('an idempotency key', () => {
  test('that is given goes along as it is, one of our own is new each time', async () => {
    const keys: unknown[] = []
    const url = await serving((request, response) => {
      keys.push(request.headers['idempotency-key'])
      response.end('{}')
    })
    const hub = openHub({ url, apiKey: 'key', wait })
    await hub.createPayment(order, { idempotencyKey: 'bill-17-1' })
    await hub.cancelPayment('pay_1', { idempotencyKey: 'bill-17-cancel' })
    await hub.refundPayment('pay_1', {}, { idempotencyKey: 'bill-17-back' })
    await hub.redeliver('evt_1', { idempotencyKey: 'again' })
    await hub.createPayment(order)
    await hub.createPayment(order)
    expect(keys.slice(0, 4)).toEqual(['bill-17-1', 'bill-17-cancel', 'bill-17-back', 'again'])
    expect(keys[4]).not.toBe(keys[5])
    expect(String(keys[4])).toMatch(/^[\w-]{36}$/)
  })

  test.each([[''], ['two words'], ['rēķins'], ['x'.repeat(256)]])(
    'that no header carries is told before anything is sent: %j',
    async (key) => {
      const fetch = () => Promise.reject(new Error('was sent'))
      const hub = openHub({ url: 'https://pay.example', apiKey: 'key', fetch, wait })
      const answer = await hub.createPayment(order, { idempotencyKey: key })
      expect(answer).toMatchObject({ ok: false, problem: { code: 'bad_idempotency_key', status: 0 } })
    },
  )
})

test('orThrow gives the value, or throws the problem with its sentence', () => {
  expect(orThrow({ ok: true, value: 17 })).toBe(17)
  const problem = { code: 'not_paid', status: 409, detail: 'Nothing was paid.' }
  expect(() => orThrow({ ok: false, problem })).toThrow(expect.objectContaining({ problem, name: 'HubError' }))
  expect(new HubError(problem).message).toBe('not_paid: Nothing was paid.')
  const errors = [
    { path: 'amount', message: 'must be at least 1' },
    { path: 'payer.email', message: 'is missing: add it' },
  ]
  expect(new HubError({ ...problem, errors }).message).toBe(
    'not_paid: Nothing was paid. (amount: must be at least 1; payer.email: is missing: add it)',
  )
})
