import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { SECOND_MS, systemClock } from '../kernel/time.ts'
import { checkSignature, type ReceivedNotice } from './signature.ts'

/** The present, since the reference library looks at the clock by itself. */
const SECONDS = Math.floor(systemClock.now() / SECOND_MS)
const NOW = SECONDS * SECOND_MS
const ID = 'evt_01'
const BODY = JSON.stringify({ type: 'payment.executed', sequence: 2, data: { text: 'Samaksāts – 86,40 €' } })

const secret = `whsec_${randomBytes(32).toString('base64')}`
const pair = generateKeyPairSync('ed25519')
const publicKeyOf = (key: typeof pair.privateKey) =>
  `whpk_${createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`
const publicKey = publicKeyOf(pair.privateKey)

const v1 = (key = secret, seconds = SECONDS) =>
  `v1,${createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
    .update(`${ID}.${seconds}.${BODY}`)
    .digest('base64')}`
const v1a = (key = pair.privateKey) =>
  `v1a,${sign(null, Buffer.from(`${ID}.${SECONDS}.${BODY}`), key).toString('base64')}`

const noticeOf = (change: Partial<ReceivedNotice> = {}): ReceivedNotice => ({
  id: ID,
  timestamp: String(SECONDS),
  signature: `${v1()} ${v1a()}`,
  body: Buffer.from(BODY),
  ...change,
})

describe('a notice is believed', () => {
  test('that the reference library believes too', () => {
    const headers = { 'webhook-id': ID, 'webhook-timestamp': String(SECONDS), 'webhook-signature': v1() }
    expect(new Webhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY))
    expect(checkSignature(noticeOf({ signature: v1() }), [secret], NOW)).toBeUndefined()
    expect(() => new Webhook(secret).verify(`${BODY} `, headers)).toThrow()
  })

  const other = `whsec_${randomBytes(32).toString('base64')}`
  test.each([
    ['with the secret alone', v1(), [secret]],
    ['with the public key alone', v1a(), [publicKey]],
    ['with both', `${v1()} ${v1a()}`, [secret, publicKey]],
    ['while the sender rotates its secret', `${v1(other)} ${v1()}`, [secret]],
    ['while the receiver knows the former secret too', v1(), [other, secret]],
    ['beside a signature of a kind that nobody knows yet', `v9,AAAA ${v1()}`, [secret]],
  ])('%s', (_, signature, keys) => {
    expect(checkSignature(noticeOf({ signature }), keys, NOW)).toBeUndefined()
  })

  test.each([-299, 299])('%i seconds from our clock', (seconds) => {
    const at = SECONDS + seconds
    const notice = noticeOf({ timestamp: String(at), signature: v1(secret, at) })
    expect(checkSignature(notice, [secret], NOW)).toBeUndefined()
  })
})

describe('a notice is refused', () => {
  const stranger = generateKeyPairSync('ed25519').privateKey
  test.each([
    ['without its id', { id: undefined }, 'header_missing'],
    ['without its time', { timestamp: undefined }, 'header_missing'],
    ['without a signature', { signature: '' }, 'header_missing'],
    ['with a time that is none', { timestamp: 'soon' }, 'stale'],
    ['from ten minutes ago', { timestamp: String(SECONDS - 600) }, 'stale'],
    ['from ten minutes ahead', { timestamp: String(SECONDS + 600) }, 'stale'],
    ['when its time was changed', { timestamp: String(SECONDS + 1) }, 'signature'],
    ['when its id was changed', { id: 'evt_02' }, 'signature'],
    ['when its body was changed', { body: Buffer.from(BODY.replace('86', '87')) }, 'signature'],
    ['when only the secret fits and both are known', { signature: v1() }, 'signature'],
    ['when only the public key fits and both are known', { signature: v1a() }, 'signature'],
    ['when a stranger signed with a key of the right kind', { signature: `${v1()} ${v1a(stranger)}` }, 'signature'],
    ['when the signature is rubbish', { signature: 'v1,### v1a,###' }, 'signature'],
    [
      'when the kinds were swapped',
      { signature: `${v1().replace('v1,', 'v1a,')} ${v1a().replace('v1a,', 'v1,')}` },
      'signature',
    ],
  ])('%s', (_, change, fault) => {
    expect(checkSignature(noticeOf(change), [secret, publicKey], NOW)).toBe(fault)
  })

  test('by who has no key at all', () => {
    expect(checkSignature(noticeOf(), [], NOW)).toBe('signature')
  })

  test('whichever byte of the body differs', () => {
    const body = Buffer.from(BODY)
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const changed = body.map((byte, at) => (at === place ? byte ^ flip : byte))
        expect(checkSignature(noticeOf({ body: changed }), [secret], NOW)).toBe('signature')
      }),
    )
  })
})
