import { createHash, createPublicKey, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../kernel/time.ts'
import { newKeyText, noticeHeaders, openKeyText } from './sign.ts'

/** Throw-away keys, derived from a word. */
const keyOf = (word: string) => {
  let drawn = 0
  return openKeyText(newKeyText((size) => createHash('sha256').update(`${word}${drawn++}`).digest().subarray(0, size)))
}

const BODY = '{"type":"payment.executed","note":"ā€😀"}'
const now = systemClock.now()

/** RFC 8410 by hand, from the 32 bytes that the receiver has. */
const verifiesEd25519 = (publicKey: string, message: string, signature: string): boolean => {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64')
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, Buffer.from(message), key, Buffer.from(signature, 'base64'))
}

const signed = (header: string, scheme: string): readonly string[] =>
  header.split(' ').flatMap((part) => (part.startsWith(`${scheme},`) ? [part.slice(scheme.length + 1)] : []))

describe('a notice', () => {
  const key = keyOf('one')
  const headers = noticeHeaders('evt_1', now, BODY, [key])
  const message = `evt_1.${headers['webhook-timestamp']}.${BODY}`

  it('is taken by the reference library of Standard Webhooks', () => {
    expect(new Webhook(key.secret).verify(BODY, headers)).toEqual(JSON.parse(BODY))
  })

  it('is refused by it when a byte, the id or the time differs, or under another secret', () => {
    const library = new Webhook(key.secret)
    expect(() => library.verify(`${BODY} `, headers)).toThrow()
    expect(() => library.verify(BODY, { ...headers, 'webhook-id': 'evt_2' })).toThrow()
    const later = String(Number(headers['webhook-timestamp']) + 1)
    expect(() => library.verify(BODY, { ...headers, 'webhook-timestamp': later })).toThrow()
    expect(() => new Webhook(keyOf('two').secret).verify(BODY, headers)).toThrow()
  })

  it('verifies with the raw Ed25519 public key, and with no other', () => {
    const [signature = ''] = signed(headers['webhook-signature'], 'v1a')
    expect(verifiesEd25519(key.publicKey, message, signature)).toBe(true)
    expect(verifiesEd25519(key.publicKey, `${message} `, signature)).toBe(false)
    expect(verifiesEd25519(keyOf('two').publicKey, message, signature)).toBe(false)
  })

  it('is signed with every key while keys change, so that old and new receivers take it', () => {
    const former = keyOf('former')
    const both = noticeHeaders('evt_1', now, BODY, [key, former])
    for (const { secret, publicKey } of [key, former]) {
      expect(new Webhook(secret).verify(BODY, both)).toBeTruthy()
      const taken = signed(both['webhook-signature'], 'v1a').filter((one) => verifiesEd25519(publicKey, message, one))
      expect(taken).toHaveLength(1)
    }
  })
})

it('keys have the prefixes and sizes of the specification', () => {
  const { secret, publicKey } = keyOf('sizes')
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
})

it('a text that is no key is a fault', () => {
  expect(() => openKeyText('whsec_x')).toThrow('not a signing key')
})
