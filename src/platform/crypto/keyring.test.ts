import { createHash, createHmac, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toRfc3339 } from '../../kernel/time.ts'
import {
  clientMaterial,
  factsOf,
  type KeyMaterial,
  materialFromText,
  materialToText,
  NoKey,
  openKeyring,
  privateKeyMaterial,
  publicKeyMaterial,
  secretMaterial,
} from './index.ts'

/** A throw-away key and its self-signed certificate, made for this test only. */
const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+VTIMAFihIkzxK6C
n3VcWVaZCpptDJntdZc+7xUEDjahRANCAATmIEJLdvLEtAL7YXxL2wgbZxZq9wJj
GQyGAvp9XEV89yJGnlL93AmMeQ97qjnA6MPCDFnrv96VESr70Cs9utIr
-----END PRIVATE KEY-----
`
const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBgzCCASmgAwIBAgIUCGyxXK95ZfkmenZDabkxnIQRevUwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdGVzdCBmaXh0dXJlMB4XDTI2MTEyMzIyNDQwNloXDTM2MTEy
MDIyNDQwNlowFzEVMBMGA1UEAwwMdGVzdCBmaXh0dXJlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAE5iBCS3byxLQC+2F8S9sIG2cWavcCYxkMhgL6fVxFfPciRp5S
/dwJjHkPe6o5wOjDwgxZ67/elREq+9ArPbrSK6NTMFEwHQYDVR0OBBYEFInq/O7p
zhNfav5qghjAr7bjPBV+MB8GA1UdIwQYMBaAFInq/O7pzhNfav5qghjAr7bjPBV+
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAIzvhLIzjfc//kqr
3OZQMtTBYSyszRhS5Qw4BHXf3P9xAiB6r1qqP/ymgGhd0KX4FCuDpBZcu4apTcM0
JO87qCREEA==
-----END CERTIFICATE-----
`

const bytes = (text: string) => new TextEncoder().encode(text)
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const material = (result: ReturnType<typeof privateKeyMaterial>): KeyMaterial => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed = generateKeyPairSync('ed25519')

const ring = openKeyring(
  Object.entries({ rsa, p256, p384, ed }).flatMap(([name, pair]) => [
    { name, material: material(privateKeyMaterial(privatePem(pair.privateKey))) },
    { name, material: material(publicKeyMaterial(publicPem(pair.publicKey))) },
  ]),
)

describe('a keyring signs and verifies by name', () => {
  const cases = [
    ['rsa', 'rsa-sha1', rsa, 'sha1'],
    ['rsa', 'rsa-sha256', rsa, 'sha256'],
    ['rsa', 'rsa-sha512', rsa, 'sha512'],
    ['p256', 'ecdsa-p256-sha256', p256, 'sha256'],
    ['p384', 'ecdsa-p384-sha384', p384, 'sha384'],
    ['ed', 'ed25519', ed, null],
  ] as const

  it.each(cases)('with the key %s and %s, as node:crypto checks it', async (name, algorithm, pair, hash) => {
    const signature = await ring.sign(name, algorithm, bytes('money'), 0)
    expect(verify(hash, bytes('money'), { key: pair.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
    expect(await ring.verify(name, algorithm, bytes('money'), signature, 0)).toBe(true)
    expect(await ring.verify(name, algorithm, bytes('monez'), signature, 0)).toBe(false)
  })

  it('writes ECDSA signatures as r and s, not as DER', async () => {
    expect(await ring.sign('p256', 'ecdsa-p256-sha256', bytes('x'), 0)).toHaveLength(64)
    expect(await ring.sign('p384', 'ecdsa-p384-sha384', bytes('x'), 0)).toHaveLength(96)
  })

  it('takes a signature of any shape for a forgery and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...cases), async (signature, [name]) => {
        for (const [, algorithm] of cases) {
          expect(await ring.verify(name, algorithm, bytes('x'), signature, 0)).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('refuses to sign with a key of another kind or of no name', async () => {
    await expect(ring.sign('rsa', 'ed25519', bytes('x'), 0)).rejects.toThrow(NoKey)
    await expect(ring.sign('nobody', 'rsa-sha256', bytes('x'), 0)).rejects.toThrow(
      'no private key "nobody" is valid now',
    )
  })
})

describe('while keys roll over', () => {
  const rolling = openKeyring([
    { name: 'bank', to: 200, material: material(publicKeyMaterial(publicPem(rsa.publicKey))) },
    { name: 'bank', from: 100, material: material(publicKeyMaterial(publicPem(otherRsa.publicKey))) },
    { name: 'ours', to: 200, material: material(privateKeyMaterial(privatePem(rsa.privateKey))) },
    { name: 'ours', from: 100, material: material(privateKeyMaterial(privatePem(otherRsa.privateKey))) },
  ])

  it.each([
    [99, 'old', 'old'],
    [100, 'new', 'both'],
    [199, 'new', 'both'],
    [200, 'new', 'new'],
  ])('at %i the %s key signs and the %s verify', async (at, signs, verifies) => {
    const signature = await rolling.sign('ours', 'rsa-sha256', bytes('x'), at)
    expect(signature).toHaveLength(signs === 'old' ? 256 : 128)
    const old = await rolling.sign('ours', 'rsa-sha256', bytes('x'), 0)
    const next = await rolling.sign('ours', 'rsa-sha256', bytes('x'), 300)
    expect(await rolling.verify('bank', 'rsa-sha256', bytes('x'), old, at)).toBe(verifies !== 'new')
    expect(await rolling.verify('bank', 'rsa-sha256', bytes('x'), next, at)).toBe(verifies !== 'old')
  })
})

describe('digests', () => {
  const withSecret = openKeyring([{ name: 'shared', material: material(secretMaterial('correct horse\n')) }])

  it('take bytes and named secrets in order', async () => {
    const expected = createHash('sha512').update('acorrect horseb').digest()
    const parts = [bytes('a'), { secret: 'shared' }, bytes('b')]
    expect(Buffer.from(await withSecret.digest('sha512', parts, 0))).toEqual(expected)
  })

  it('are keyed by a named secret', async () => {
    const expected = createHmac('sha256', 'correct horse').update('ab').digest()
    const made = await withSecret.digest({ hmac: 'sha256', secret: 'shared' }, [bytes('a'), bytes('b')], 0)
    expect(Buffer.from(made)).toEqual(expected)
  })

  it('give a secret to the outbound client alone', () => {
    expect(withSecret.credentials('shared', 0)).toEqual({ secret: 'correct horse' })
    expect(() => withSecret.credentials('other', 0)).toThrow(NoKey)
  })
})

describe('key material', () => {
  it('reads a certificate as a public key with an end', () => {
    const facts = factsOf(material(publicKeyMaterial(TEST_CERTIFICATE)))
    expect(facts.notAfter === undefined ? '' : toRfc3339(facts.notAfter)).toBe('2036-11-20T22:44:06.000Z')
    expect(facts.fingerprint).toBe(factsOf(material(privateKeyMaterial(TEST_KEY))).fingerprint)
  })

  it('ignores text around the block, so that equal keys are equal texts', () => {
    const plain = material(privateKeyMaterial(TEST_KEY))
    const commented = material(privateKeyMaterial(`# a note\r\n${TEST_KEY.replaceAll('\n', '\r\n')}\r\n`))
    expect(materialToText(commented)).toBe(materialToText(plain))
  })

  it('comes back from its text', () => {
    const all = [
      material(privateKeyMaterial(TEST_KEY)),
      material(publicKeyMaterial(TEST_CERTIFICATE)),
      material(publicKeyMaterial(publicPem(rsa.publicKey))),
      material(secretMaterial('long enough')),
      material(clientMaterial(TEST_CERTIFICATE, TEST_KEY)),
    ]
    for (const each of all) {
      const back = materialFromText(each.kind, materialToText(each))
      expect(materialToText(back)).toBe(materialToText(each))
      expect(factsOf(back)).toEqual(factsOf(each))
    }
    const client = openKeyring([{ name: 'tls', material: material(clientMaterial(TEST_CERTIFICATE, TEST_KEY)) }])
    expect(client.credentials('tls', 0).certificate).toContain('BEGIN CERTIFICATE')
    expect(client.credentials('tls', 0).privateKey).toContain('BEGIN PRIVATE KEY')
  })

  it.each([
    [
      'a public key for a private one',
      () => privateKeyMaterial(publicPem(rsa.publicKey)),
      'not the PEM of a private key',
    ],
    ['a private key for a public one', () => publicKeyMaterial(TEST_KEY), 'this is a private key'],
    [
      'nonsense',
      () => publicKeyMaterial('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      'not the PEM',
    ],
    [
      'a key with a passphrase',
      () =>
        privateKeyMaterial(
          rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
        ),
      'has a passphrase',
    ],
    [
      'a short RSA key',
      () => publicKeyMaterial(publicPem(generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey)),
      'has 512 bits',
    ],
    [
      'a curve no bank uses',
      () => publicKeyMaterial(publicPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)),
      'secp256k1 is not used here',
    ],
    ['a short secret', () => secretMaterial(' abc '), 'at least 8 characters'],
    [
      'a certificate of another key',
      () => clientMaterial(TEST_CERTIFICATE, privatePem(p256.privateKey)),
      'another key',
    ],
  ])('refuses %s', (_, read, sentence) => {
    const result = read()
    expect(result.ok ? '' : result.error).toContain(sentence)
  })

  it('is not printed', () => {
    expect(JSON.stringify(material(privateKeyMaterial(TEST_KEY)))).toBe('{"kind":"private","pem":"[secret]"}')
  })
})
