import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { receipt, receiptFile, receiptKeys, signed } from '../../test/support/receipts.ts'
import { verifyReceipt } from './verify-receipt.ts'

const { keys } = receiptKeys
const reasonOf = (file: string, issuer?: string): string => {
  const verified = verifyReceipt({ file, keys, ...(issuer === undefined ? {} : { issuer }) })
  return verified.ok ? 'genuine' : verified.reason
}
const cheaper = { ...receipt, amount: 1 }
const [head = '', , signature = ''] = signed(receipt).split('.')
const withClaims = `${head}.${Buffer.from(JSON.stringify(cheaper)).toString('base64url')}.${signature}`

describe('a receipt', () => {
  it.each([
    { is: 'as it was downloaded', file: receiptFile(), reason: 'genuine' },
    { is: 'the signed text alone', file: `${signed(receipt)}\n`, reason: 'genuine' },
    { is: 'without the readable part', file: JSON.stringify({ jws: signed(receipt) }), reason: 'genuine' },
    {
      is: 'its members in another order',
      file: receiptFile(Object.fromEntries(Object.entries(receipt).reverse())),
      reason: 'genuine',
    },
    { is: 'saying more, from a later hub', file: signed({ ...receipt, more: 1 }), reason: 'genuine' },
    { is: 'with another amount to read', file: receiptFile(cheaper), reason: 'altered' },
    { is: 'with nothing to read', file: receiptFile(null), reason: 'altered' },
    { is: 'with another amount signed', file: receiptFile(cheaper, withClaims), reason: 'signature' },
    { is: 'unsigned', file: signed(receipt, { alg: 'none' }), reason: 'signature' },
    { is: 'of a key that nobody shows', file: signed(receipt, { kid: 'two' }), reason: 'unknown_key' },
    { is: 'a token that a payer brought back', file: signed(receipt, { typ: 'JWT' }), reason: 'not_a_receipt' },
    { is: 'without an amount', file: signed({ ...receipt, amount: '1' }), reason: 'not_a_receipt' },
    { is: 'without a payee', file: signed({ ...receipt, payee: null }), reason: 'not_a_receipt' },
    { is: 'a list', file: signed([]), reason: 'not_a_receipt' },
    { is: 'nothing', file: '', reason: 'malformed' },
    { is: 'another JSON', file: '{"receipt": {}}', reason: 'malformed' },
    { is: 'cut off', file: receiptFile().slice(0, -2), reason: 'malformed' },
    { is: 'longer than any', file: `${receiptFile()}${' x'.repeat(40_000)}`, reason: 'malformed' },
    { is: 'with a part too many', file: `${signed(receipt)}.AA`, reason: 'malformed' },
  ])('$is: $reason', ({ file, reason }) => {
    expect(reasonOf(file)).toBe(reason)
  })

  it('is of the hub that is asked about, where one is', () => {
    expect(reasonOf(receiptFile(), 'https://pay.example')).toBe('genuine')
    expect(reasonOf(receiptFile(), 'https://other.example')).toBe('other_hub')
  })

  it('is not genuine once any letter of it was changed', () => {
    const whole = signed(receipt)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.constantFrom(...'AZaz09_-.'), (place, letter) => {
        fc.pre(whole[place] !== letter)
        const changed = whole.slice(0, place) + letter + whole.slice(place + 1)
        // The last letter of 64 bytes in base64url has four bits to spare.
        fc.pre(place < whole.length - 1)
        expect(reasonOf(changed)).not.toBe('genuine')
      }),
    )
  })
})
