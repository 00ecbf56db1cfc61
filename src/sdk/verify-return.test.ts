import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifyReturn } from './verify-return.ts'

const pairs = { P256: generateKeyPairSync('ec', { namedCurve: 'P-256' }), Ed: generateKeyPairSync('ed25519') }
const keys = Object.entries(pairs).map(([kid, { publicKey }]) => ({ ...publicKey.export({ format: 'jwk' }), kid }))
const claims = {
  iss: 'https://hub.example',
  aud: 'water',
  sub: 'pay_1',
  reference: 'A',
  status: 'executed',
  exp: 100,
}
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const tokenOf = (kid: 'P256' | 'Ed', header: object = {}, payload: object = claims, key?: KeyObject): string => {
  const text = `${part({ alg: kid === 'Ed' ? 'EdDSA' : 'ES256', kid, ...header })}.${part(payload)}`
  const privateKey = key ?? pairs[kid].privateKey
  const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return `${text}.${sign(hash, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const wordOf = async (token: string, now = 99_000): Promise<string> => {
  const answer = await verifyReturn({ token, keys, issuer: claims.iss, eService: 'water', now })
  return answer.ok ? answer.status : answer.reason
}

test.each(['P256', 'Ed'] as const)('a return signed with the %s key is believed until its last second', async (kid) => {
  expect(await wordOf(tokenOf(kid))).toBe('executed')
  expect(await wordOf(tokenOf(kid), 100_000)).toBe('expired')
})

describe('the algorithm is that of the key', () => {
  test.each([
    ['P256', 'EdDSA'],
    ['P256', 'HS256'],
    ['P256', 'none'],
    ['Ed', 'ES256'],
    ['Ed', 'none'],
  ] as const)('a return signed by the %s key that says %s is refused', async (kid, alg) => {
    expect(await wordOf(tokenOf(kid, { alg }))).toBe('signature')
  })
})

describe('a return is refused', () => {
  const without = (name: keyof typeof claims) => ({ ...claims, [name]: undefined })
  test.each([
    ['of a stranger under our name', tokenOf('Ed', {}, claims, generateKeyPairSync('ed25519').privateKey), 'signature'],
    ['of a key that nobody knows', tokenOf('Ed', { kid: 'other' }), 'unknown_key'],
    ['without a key’s name', tokenOf('Ed', { kid: undefined }), 'malformed'],
    ['for another e-service', tokenOf('Ed', {}, { ...claims, aud: 'tax' }), 'not_for_us'],
    ['of another hub', tokenOf('Ed', {}, { ...claims, iss: 'https://other.example' }), 'not_for_us'],
    ['without an end', tokenOf('Ed', {}, without('exp')), 'expired'],
    ['with a status that is none', tokenOf('Ed', {}, { ...claims, status: 'rich' }), 'malformed'],
    ['without a payment', tokenOf('Ed', {}, without('sub')), 'malformed'],
    ['with a fourth part', `${tokenOf('Ed')}.e30`, 'malformed'],
    ['of two parts', tokenOf('Ed').split('.').slice(0, 2).join('.'), 'signature'],
    ['that is endless', `${tokenOf('Ed')}${'A'.repeat(1_000_000)}`, 'signature'],
  ])('%s', async (_, token, reason) => {
    expect(await wordOf(token)).toBe(reason)
  })

  test('whichever of its letters is another', async () => {
    const token = tokenOf('Ed')
    const end = token.lastIndexOf('.') + 1
    // The last letter of a signature has bits to spare, which may differ.
    const places = fc.nat(token.length - 2).filter((place) => place !== end - 1)
    await fc.assert(
      fc.asyncProperty(places, fc.constantFrom(...'AZaz09-_'), async (place, letter) => {
        if (token[place] === letter) return
        expect(await wordOf(token.slice(0, place) + letter + token.slice(place + 1))).not.toBe('executed')
      }),
    )
  })

  test('and nothing makes it throw', async () => {
    const parts = fc.array(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      ),
    )
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        expect(await wordOf(given.join('.'))).toMatch(/malformed|unknown_key/)
      }),
    )
  })
})
