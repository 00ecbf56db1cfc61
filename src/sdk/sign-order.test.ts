import { generateKeyPairSync } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { signOrder } from './sign-order.ts'

const order = {
  reference: 'A',
  amount: 1,
  currency: 'EUR',
  description: 'Ūdens',
  returnUrl: 'https://shop.example/back',
}
const signing = { eService: 'water', hub: 'https://hub.example', now: 1_800_000_000_500, jti: 'one' }
const PAIRS = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

test.each(['EdDSA', 'ES256', 'RS256'] as const)('an order is a JWS that another library verifies: %s', async (alg) => {
  const { privateKey, publicKey } = PAIRS[alg]
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const key of [privateKey, pem]) {
    const jws = signOrder(order, { ...signing, key })
    expect(decodeProtectedHeader(jws)).toEqual({ alg })
    const { payload } = await compactVerify(jws, publicKey)
    const times = { iat: 1_800_000_000, exp: 1_800_000_600 }
    const claims = { ...order, iss: 'water', aud: 'https://hub.example', ...times, jti: 'one' }
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims)
  }
})

test('each order has a name of its own', () => {
  const { jti: _, ...unnamed } = signing
  const names = [1, 2].map(() => {
    const jws = signOrder(order, { ...unnamed, key: PAIRS.EdDSA.privateKey })
    return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()).jti
  })
  expect(names[0]).not.toBe(names[1])
})

describe('a key that the hub would not take is told at once', () => {
  test.each([
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['a short one', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['the public half', PAIRS.EdDSA.publicKey],
  ])('%s', (_, key) => {
    expect(() => signOrder(order, { ...signing, key })).toThrow(/^key: give/)
  })
})
