import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { privateKeyMaterial, publicKeyMaterial } from './index.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const own = (pair: typeof rsa) => pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const theirs = (pair: typeof rsa) => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()

test('a key of another type than the protocol signs with is refused, and told what it is', () => {
  const refused = { ok: false, error: 'this is an Ed25519 key; an RSA key is wanted' }
  expect(privateKeyMaterial(own(ed25519), 'rsa')).toEqual(refused)
  expect(publicKeyMaterial(theirs(ed25519), 'rsa')).toEqual(refused)
  expect(publicKeyMaterial(theirs(ec), 'ed25519')).toMatchObject({
    error: 'this is an elliptic curve key; an Ed25519 key is wanted',
  })
  expect(privateKeyMaterial(own(rsa), 'rsa').ok).toBe(true)
  expect(publicKeyMaterial(theirs(rsa), 'rsa').ok).toBe(true)
  expect(publicKeyMaterial(theirs(ed25519), 'ed25519').ok).toBe(true)
  expect(privateKeyMaterial(own(ec)).ok).toBe(true)
})
