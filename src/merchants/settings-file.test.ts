import { describe, expect, it } from 'vitest'
import { bank, exampleChannels, nextBank, exampleNow as now, ours } from '../../test/support/merchants.ts'
import type { Channel } from '../channels/channel.ts'
import { openKeyring, privateKeyMaterial } from '../platform/crypto/index.ts'
import { readSettingsFile, showProblem } from './index.ts'

const channelOf = (id: string): Channel => {
  const found = exampleChannels.find(({ channel }) => channel.id === id)
  if (!found) throw new Error(id)
  return found.channel
}
const bytes = (text: string) => new TextEncoder().encode(text)
const file = {
  settings: { senderId: 'LIEPKALNI', url: 'http://localhost:8081/link' },
  keys: {
    merchant: { privateKey: ours.privatePem },
    bank: [
      { publicKey: bank.publicPem, to: '2026-10-31' },
      { publicKey: nextBank.publicPem, from: '2026-11-01' },
    ],
  },
}
const nonce = '0'.repeat(32)

const signedBy = async (privatePem: string): Promise<Uint8Array> => {
  const material = privateKeyMaterial(privatePem)
  if (!material.ok) throw new Error(material.error)
  return openKeyring([{ name: 'k', material: material.value }]).sign('k', 'ecdsa-p256-sha256', bytes('x'), 0)
}

const problems = async (value: unknown, channel = 'link'): Promise<readonly string[]> => {
  const read = await readSettingsFile('s.json', JSON.stringify(value, null, 1), channelOf(channel))
  return read.ok ? [] : read.error.map(showProblem)
}

describe('a settings file', () => {
  it('makes an agreement without any database, with the keys’ dates', async () => {
    const read = await readSettingsFile('s.json', JSON.stringify(file), channelOf('link'))
    if (!read.ok) throw new Error(read.error.map(showProblem).join('\n'))
    const agreement = read.value({ now, nonce })
    expect(agreement.settings).toEqual({ ...file.settings, payableForMinutes: 60 })
    expect(await agreement.sign('merchant', 'ecdsa-p256-sha256', bytes('x'))).toHaveLength(64)
    const check = async (pem: string) =>
      agreement.verify('bank', 'ecdsa-p256-sha256', bytes('x'), await signedBy(pem), now)
    expect(await check(nextBank.privatePem)).toBe(true)
    expect(await check(bank.privatePem), 'this key ended in October').toBe(false)
  })

  it('takes a shared secret by itself or in its map', async () => {
    const settings = { url: 'https://gateway.example', banks: ['one'] }
    expect(await problems({ settings, keys: { api: 'a throw-away secret' } }, 'gateway')).toEqual([])
    expect(await problems({ settings, keys: { api: { secret: 'a throw-away secret' } } }, 'gateway')).toEqual([])
  })

  it.each([
    ['no settings', { keys: file.keys }, 's.json:1:1: settings: is missing: add it'],
    ['an unknown name', { ...file, key: 1 }, '"key" is not known here: known are settings, keys'],
    [
      'a wrong setting',
      { ...file, settings: { senderId: 'X', url: 'bank' } },
      's.json:4:10: settings.url: must be an address',
    ],
    [
      'a missing key',
      { ...file, keys: { bank: file.keys.bank } },
      'keys.merchant: is missing: our key, signs orders (merchant: { privateKey: "PEM" })',
    ],
    [
      'a key by its file',
      { ...file, keys: { ...file.keys, merchant: { privateKey: { file: 'x' } } } },
      'must be a text, not a map',
    ],
    [
      'a broken key',
      { ...file, keys: { ...file.keys, merchant: { privateKey: 'PEM' } } },
      'keys.merchant.privateKey: this is not the PEM of a private key',
    ],
  ])('with %s is refused', async (_, value, sentence) => {
    expect((await problems(value)).join('\n')).toContain(sentence)
  })

  it('that is no JSON is refused with its line', async () => {
    const read = await readSettingsFile('s.json', '{\n"settings": }}', channelOf('link'))
    expect(read.ok ? '' : read.error.map(showProblem).join()).toContain('s.json:2:')
  })
})
