import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import type * as shapes from '../src/payments/schemas.ts'
import type { NewPayment, Offer, Payment, WholePayment } from '../src/sdk/types.ts'
import { verifyReturn } from '../src/sdk/verify-return.ts'

/** Does not compile once the hub tells something else than the SDK says, or the SDK lets through what the hub refuses. */
type Told = {
  readonly payment: (one: z.infer<typeof shapes.PaymentView>) => Payment
  readonly whole: (one: z.infer<typeof shapes.WholePayment>) => WholePayment
  readonly offer: (one: z.infer<typeof shapes.OfferView>) => Offer
  readonly order: (one: Omit<NewPayment, 'channels'>) => Omit<z.input<typeof shapes.NewPayment>, 'channels'>
}

test('the types are the hub’s', () => {
  const told: Told = { payment: (one) => one, whole: (one) => one, offer: (one) => one, order: (one) => one }
  expect(Object.keys(told)).toHaveLength(4)
})

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' }]
const claims = { iss: 'https://hub.example', aud: 'tax', sub: 'pay_1', reference: 'A', status: 'executed', exp: 100 }

test.each([
  ['ES256', 'believed'],
  ['EdDSA', 'signature'],
  ['HS256', 'signature'],
  ['none', 'signature'],
])('a return signed by a P-256 key that says %s is %s', async (alg, expected) => {
  const text = `${part({ alg, kid: 'one' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
  const token = `${text}.${signature.toString('base64url')}`
  const answer = await verifyReturn({ token, keys, issuer: claims.iss, eService: 'tax', now: 99_000 })
  expect(answer.ok ? 'believed' : answer.reason).toBe(expected)
})
