import { generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'

/** Receipts as a hub signs them, made without one. */

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
export const receiptKeys: { readonly keys: readonly (JsonWebKey & { readonly kid: string })[] } = {
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }],
}

export const receipt = {
  iss: 'https://pay.example',
  hub: 'E-BIZness CMA',
  mode: 'live',
  payment: 'pay_01kb0000000000000000000000',
  reference: 'NIN-2026-1',
  eService: 'property-tax',
  merchant: { name: { lv: 'Liepkalnu novada pašvaldība' }, registrationNumber: '90999900005' },
  payee: { name: 'Liepkalnu novada pašvaldība', iban: 'LV07HABA0000000000001' },
  amount: 12_345,
  currency: 'EUR',
  refundedAmount: 0,
  reversedAmount: 0,
  description: { lv: 'Nekustamā īpašuma nodoklis' },
  paidAt: '2026-11-23T08:14:00.000Z',
  bank: { lv: 'Swedbank' },
  bankReference: '2026112300417',
  issuedAt: '2026-11-23T08:20:00.000Z',
} as const

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const signed = (claims: unknown, header: Readonly<Record<string, string>> = {}): string => {
  const text = `${part({ alg: 'EdDSA', kid: 'one', typ: 'ebizness-receipt+jws', ...header })}.${part(claims)}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}

export const receiptFile = (readable: unknown = receipt, jws: string = signed(receipt)): string =>
  JSON.stringify({ receipt: readable, jws }, null, 2)
