import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { type KeyPlace, keysFrom } from '../index.ts'
import { demoKeys } from './fixtures.ts'

const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const agreement = (id: string, channel: string, keys: string) =>
  `{ id: ${id}, channel: ${channel}, account: main, settings: {}, keys: ${keys} }`
const file = `
merchants:
  - name: { en: My Town }
    accounts: [{ id: main, iban: LV55HABA0000000000301 }]
    agreements:
      - ${agreement('my-swedbank', 'swedbank-lv', '{ merchant: { privateKey: { file: own.pem } } }')}
      - ${agreement('my-seb', 'seb-lv', '{ merchant: [{ privateKey: { file: old.pem } }, { privateKey: { env: KEY } }] }')}
      - ${agreement('my-sandbox', 'sandbox', '{}')}
      - ${agreement('liepkalni-swedbank', 'swedbank-lv', '{ merchant: { stored: key_1 } }')}
`

test('the banks verify by the keys that a file names, of several the last, and sign with the demo’s', () => {
  const read: KeyPlace[] = []
  const { agreements } = keysFrom(file, (place) => {
    read.push(place)
    return pem
  })
  const demo = demoKeys().agreements
  expect(read).toEqual([{ file: 'own.pem' }, { env: 'KEY' }])
  for (const id of ['my-swedbank', 'my-seb']) expect(agreements[id]?.merchant?.equals(ours.publicKey), id).toBe(true)
  const signsWith = (of: typeof demo, id: string) =>
    of[id]?.bank.map((key) => key.export({ type: 'pkcs8', format: 'pem' }))
  expect(signsWith(agreements, 'my-swedbank')).toEqual(signsWith(demo, 'liepkalni-swedbank'))
  expect(signsWith(agreements, 'my-seb')).toEqual(signsWith(demo, 'liepkalni-seb'))
  expect(signsWith(agreements, 'my-sandbox')).toEqual(signsWith(demo, 'liepkalni-sandbox'))
  expect(
    agreements['liepkalni-swedbank']?.merchant?.equals(demo['liepkalni-swedbank']?.merchant ?? ours.privateKey),
  ).toBe(true)
})
