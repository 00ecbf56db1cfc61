import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/time.ts'
import { setChores } from '../../src/payments/index.ts'
import { statement } from '../../src/platform/db/db.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { submit } from '../support/payer.ts'
import { ordered, paidThrough } from '../support/story.ts'

/** What the payer's browser carries back, verified as an e-service would with any JOSE library. The clock is only moved at the end. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const PRIVATE_HALVES = statement<{ kept: boolean }>(
  'test.private-halves',
  "select private_key <> '' as kept from payments.signing_key order by signs_from desc",
)

const jwks = async (root = hub.root): Promise<JSONWebKeySet> => {
  const set: JSONWebKeySet = JSON.parse(await (await fetch(`${root}/.well-known/jwks.json`)).text())
  return set
}
const kidsOf = async (root?: string) => (await jwks(root)).keys.map(({ kid }) => kid)

const broughtBack = async (payUrl: string): Promise<URL> =>
  new URL((await submit({ action: `${payUrl}/return`, method: 'POST', fields: {} })).url)

const tokenOf = async (payUrl: string): Promise<string> => (await broughtBack(payUrl)).searchParams.get('token') ?? ''

const verified = async (token: string, audience = 'property-tax'): Promise<JWTPayload> =>
  (await jwtVerify(token, createLocalJWKSet(await jwks()), { issuer: hub.root, audience, algorithms: ['EdDSA'] }))
    .payload

describe('the token that comes back with the payer', () => {
  it('says who, to whom, which payment and what became of it, for ten minutes', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const at = await broughtBack(order.payUrl)
    const claims = await verified(at.searchParams.get('token') ?? '')
    expect(claims).toEqual({
      iss: hub.root,
      aud: 'property-tax',
      sub: order.id,
      reference: order.reference,
      status: 'executed',
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 600,
      jti: expect.stringMatching(/^\w{16}$/),
    })
    expect(Math.abs((claims.iat ?? 0) - hub.clock.now() / SECOND_MS)).toBeLessThan(30)
    const { searchParams } = at
    expect([searchParams.get('payment'), searchParams.get('reference'), searchParams.get('status')]).toEqual([
      order.id,
      order.reference,
      'executed',
    ])
  })

  it('is another one each time, and tells the state of that time', async () => {
    const order = await ordered(hub)
    const [first, again] = [await verified(await tokenOf(order.payUrl)), await verified(await tokenOf(order.payUrl))]
    expect([first.status, again.status]).toEqual(['cancelled', 'cancelled'])
    expect(again.jti).not.toBe(first.jti)
  })

  it('does not verify once a letter of it was changed, nor for another e-service', async () => {
    const token = await tokenOf((await ordered(hub)).payUrl)
    const [head = '', payload = '', signature = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const better = Buffer.from(JSON.stringify({ ...claims, status: 'executed' })).toString('base64url')
    await expect(verified([head, better, signature].join('.'))).rejects.toThrow('signature verification failed')
    await expect(verified(token, 'kindergarten')).rejects.toThrow('"aud"')
    expect(await verified(token)).toMatchObject({ status: 'cancelled' })
  })
})

describe('the keys', () => {
  it('are public halves only, and may be kept for a while', async () => {
    const answer = await fetch(`${hub.root}/.well-known/jwks.json`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
    expect((await jwks()).keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', x: expect.any(String), kid: expect.any(String) },
    ])
  })

  it('change without a token that was on its way failing, on every node; the former one stays, for receipts, and signs no more', async () => {
    const other = await hub.beside()
    const order = await ordered(hub)
    const before = await tokenOf(order.payUrl)
    expect((await jwks(other.root)).keys.length).toBe(1)
    const { signsFrom, formerUntil } = await hub.composed.tokens.rotate()
    const kidOf = (token: string) => decodeProtectedHeader(token).kid
    // Whoever read the set before must have read it again before the new key signs.
    expect(kidOf(await tokenOf(order.payUrl))).toBe(kidOf(before))
    await hub.clock.advance(31 * SECOND_MS)
    const shown = await kidsOf(other.root)
    expect(shown.length).toBe(2)
    expect(kidOf(await tokenOf(order.payUrl.replace(hub.root, other.root)))).toBe(kidOf(before))
    await hub.clock.advance(6 * MINUTE_MS)
    expect(hub.clock.now()).toBeGreaterThan(signsFrom)
    const after = await tokenOf(order.payUrl)
    expect(kidOf(after)).not.toBe(kidOf(before))
    expect(shown.toSorted()).toEqual([kidOf(before), kidOf(after)].toSorted())
    expect(await verified(after)).toMatchObject({ sub: order.id })
    const elsewhere = await tokenOf(order.payUrl.replace(hub.root, other.root))
    expect(kidOf(elsewhere)).toBe(kidOf(after))
    await hub.clock.advance(DAY_MS)
    expect(hub.clock.now()).toBeGreaterThan(formerUntil)
    expect((await kidsOf()).toSorted()).toEqual(shown.toSorted())
    await setChores(hub.composed.hub)
    await hub.settle()
    const halves = await hub.database.db.query(PRIVATE_HALVES)
    expect(halves.map(({ kept }) => kept)).toEqual([true, false])
    await other.stop()
  })
})
