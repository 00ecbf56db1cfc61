import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompactSign } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/time.ts'
import { signOrder } from '../../src/sdk/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { orderBody, ordered, truth } from '../support/story.ts'

const KEYS = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  retired: generateKeyPairSync('ed25519'),
  neighbour: generateKeyPairSync('ed25519'),
}
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

let hub: TestHub
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-keys-'))
  for (const [name, { publicKey }] of Object.entries(KEYS)) await writeFile(join(folder, name), pemOf(publicKey))
  const entry = (name: string, more = '') => `{ publicKey: { file: "${join(folder, name)}" }${more} }`
  const own = ['EdDSA', 'ES256', 'RS256'].map((name) => entry(name)).concat(entry('retired', ', to: 2026-01-01'))
  const keysOf = (id: string, entries: readonly string[]) => (text: string) =>
    text.replace(`      - id: ${id}\n`, `      - id: ${id}\n        orderKeys: [${entries.join(', ')}]\n`)
  hub = await startTestHub({
    file: (text) => keysOf('kindergarten', [entry('neighbour')])(keysOf('property-tax', own)(text)),
  })
})
afterAll(async () => {
  await hub.stop()
  await rm(folder, { recursive: true })
})

type Claims = Readonly<Record<string, unknown>>
const claimsOf = (more: Claims = {}): Claims => {
  const now = Math.floor(hub.clock.now() / SECOND_MS)
  const jti = randomBytes(8).toString('hex')
  return { ...orderBody(hub), iss: 'property-tax', aud: hub.root, iat: now, exp: now + 300, jti, ...more }
}
const sign = (claims: Claims, alg = 'EdDSA', key: KeyObject | Uint8Array = KEYS.EdDSA.privateKey, header = {}) =>
  new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg, ...header }).sign(key)

const post = async (order: string) => {
  const response = await fetch(`${hub.root}/pay`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ order }),
  })
  return { status: response.status, location: response.headers.get('location'), text: await response.text() }
}
const paymentsWith = async (reference: unknown) =>
  (await hub.api('GET', `/v1/payments?reference=${reference}`)).body.payments

describe('a signed order', () => {
  it.each(['EdDSA', 'ES256', 'RS256'] as const)('signed with %s leads to its payment', async (alg) => {
    const claims = claimsOf()
    const { status, location } = await post(await sign(claims, alg, KEYS[alg].privateKey))
    expect(status).toBe(303)
    const [payment] = await paymentsWith(claims.reference)
    expect(await truth(hub, payment?.id ?? '')).toMatchObject({ payUrl: location, amount: 12_345, status: 'open' })
  })

  it.each(['EdDSA', 'ES256', 'RS256'] as const)(
    'made by the SDK with a key for %s leads to its payment',
    async (alg) => {
      const body = orderBody(hub)
      const signing = { eService: 'property-tax', hub: hub.root, now: hub.clock.now() }
      const { status, location } = await post(signOrder(body, { ...signing, key: KEYS[alg].privateKey }))
      expect(status).toBe(303)
      const [payment] = await paymentsWith(body.reference)
      expect(await truth(hub, payment?.id ?? '')).toMatchObject({ payUrl: location, amount: 12_345, status: 'open' })
    },
  )

  it('leads to the same payment when repeated, at once, later, or equal under another jti', async () => {
    const claims = claimsOf()
    const token = await sign(claims)
    const together = await Promise.all([1, 2, 3].map(() => post(token)))
    const renewed = await post(await sign({ ...claims, jti: 'another' }))
    await hub.clock.advance(30 * MINUTE_MS)
    const late = await post(token)
    const all = [...together, renewed, late]
    expect(new Set(all.map(({ status, location }) => `${status} ${location}`)).size).toBe(1)
    expect(all[0]?.status).toBe(303)
    expect(await paymentsWith(claims.reference)).toHaveLength(1)
  })

  it('leads to the payment that was ordered by API with the same words', async () => {
    const body = orderBody(hub)
    const { body: made } = await hub.api('POST', '/v1/payments', body)
    expect((await post(await sign(claimsOf(body)))).location).toBe(made.payUrl)
  })

  it('is refused where its jti or its reference belongs to another order', async () => {
    const claims = claimsOf()
    await post(await sign(claims))
    const sameJti = await post(await sign(claimsOf({ jti: claims.jti })))
    const sameReference = await post(await sign(claimsOf({ reference: claims.reference, amount: 1 })))
    expect([sameJti.status, sameReference.status]).toEqual([422, 422])
    expect(sameJti.text).toContain('This jti belongs to another order')
    expect(sameReference.text).toContain('Another payment has this reference')
    const { reference } = await ordered(hub)
    expect(await paymentsWith(reference)).toHaveLength(1)
  })

  it('goes through the same checks as by API', async () => {
    const { status, text } = await post(await sign(claimsOf({ returnUrl: 'https://stranger.example/' })))
    expect([status, text.includes('returnUrl: ')]).toEqual([422, true])
  })
})

it('stands in the exported file, with its keys beside it and their last day', async () => {
  const { yaml, files } = await hub.composed.merchants.exportFile({ addressesOf: async () => [] })
  expect(yaml).toContain('file: keys/order-property-tax-4.pem\n            to: 2026-01-01')
  const written = files.find(({ path }) => path === 'keys/order-property-tax-4.pem')
  expect(Buffer.from(written?.bytes ?? []).toString()).toBe(pemOf(KEYS.retired.publicKey))
})

const seconds = () => Math.floor(hub.clock.now() / SECOND_MS)
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('nothing is stored and a clear page is shown for', () => {
  it.each<[string, (claims: Claims) => Promise<string> | string, string]>([
    ['alg none', (claims) => `${part({ alg: 'none' })}.${part(claims)}.`, 'alg must be'],
    ['HS256 by the public key', (c) => sign(c, 'HS256', Buffer.from(pemOf(KEYS.RS256.publicKey))), 'alg must be'],
    [
      'a key of another type',
      async (c) => (await sign(c)).replace(/^[^.]+/, part({ alg: 'ES256' })),
      'verifies with no',
    ],
    ['another e-service’s key', (c) => sign(c, 'EdDSA', KEYS.neighbour.privateKey), 'verifies with no'],
    ['a retired key', (c) => sign(c, 'EdDSA', KEYS.retired.privateKey), 'verifies with no'],
    [
      'an altered amount',
      async (c) =>
        (await sign(c))
          .split('.')
          .map((p, i) => (i === 1 ? part({ ...c, amount: 1 }) : p))
          .join('.'),
      'verifies with no',
    ],
    ['an unknown iss', (c) => sign({ ...c, iss: 'nobody' }), 'iss is not'],
    ['another aud', (c) => sign({ ...c, aud: 'https://other.example' }), 'aud must be'],
    ['an expired order', (c) => sign({ ...c, iat: seconds() - 600, exp: seconds() - 300 }), 'has expired'],
    ['one from the future', (c) => sign({ ...c, iat: seconds() + 300, exp: seconds() + 400 }), 'iat is in the future'],
    ['one that lives too long', (c) => sign({ ...c, exp: seconds() + 3600 }), 'exp must be'],
    ['one without jti', (c) => sign({ ...c, jti: undefined }), 'jti'],
    ['an unknown field', (c) => sign({ ...c, amuont: 1 }), 'amuont'],
    ['crit', (c) => sign(c, 'EdDSA', KEYS.EdDSA.privateKey, { crit: ['b64'], b64: true }), 'crit'],
    ['too long a token', (c) => sign({ ...c, metadata: { a: 'x'.repeat(40_000) } }), 'longer than'],
    ['no token', () => '', 'one field'],
    ['no JWS', () => 'a.b', 'not a compact JWS'],
  ])('%s', async (_name, forge, says) => {
    const claims = claimsOf()
    const { status, text } = await post(await forge(claims))
    expect(status).toBe(422)
    expect(text).toContain(says)
    expect(await paymentsWith(claims.reference)).toEqual([])
  })
})
