import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bank, exampleNow, exampleYaml, instant, nextBank, ours } from '../../test/support/merchants.ts'
import { type MerchantsWorld, masterKeys, merchantsWorld, SECOND_KEY } from '../../test/support/merchants-world.ts'

let world: MerchantsWorld
beforeAll(async () => {
  world = await merchantsWorld()
  await world.apply(exampleYaml)
})
afterAll(() => world.close())

const sheetAt = async (id: string, now = exampleNow) => {
  world.time.now = now
  const sheet = await world.merchants.sheet(id)
  if (!sheet) throw new Error(`no ${id}`)
  return sheet
}
const warnings = async (id: string, at: string) =>
  (await sheetAt(id, instant(at))).findings.map(({ severity, message }) => `${severity}: ${message}`)

describe('the sheet of an agreement', () => {
  it('tells both sides what they need of each other: settings with defaults, keys with dates', async () => {
    const sheet = await sheetAt('liepkalni-link')
    expect(sheet).toMatchObject({
      merchant: { id: 'liepkalni', registrationNumber: '90999900005' },
      account: { id: 'swedbank', iban: 'LV07HABA0000000000001' },
      channelName: { en: 'Bank' },
      validFrom: '2026-01-01',
      validTo: null,
      settings: { senderId: 'LIEPKALNI', payableForMinutes: 60 },
      findings: [],
    })
    const told = sheet.keys.map((key) => [key.name, key.whose, key.from, key.to, key.validNow, key.publicKey])
    expect(told).toHaveLength(3)
    expect(told).toContainEqual(['bank', 'theirs', '2026-11-01', null, true, nextBank.publicPem])
    expect(told).toContainEqual(['bank', 'theirs', null, '2026-12-31', true, bank.publicPem])
    expect(told).toContainEqual(['merchant', 'ours', null, null, true, ours.publicPem])
  })

  it('holds nothing that signs or is shared', async () => {
    const all = JSON.stringify([await sheetAt('liepkalni-link'), await sheetAt('liepkalni-gateway')])
    for (const secret of ['PRIVATE KEY', 'a throw-away secret', ours.privatePem.split('\n')[1] ?? '?', 'sealed'])
      expect(all).not.toContain(secret)
    expect((await sheetAt('liepkalni-gateway')).keys).toMatchObject([
      { name: 'api', whose: 'shared', fingerprint: null, publicKey: null },
    ])
  })

  it('says so where the master key is another one, and still shows the rest', async () => {
    const other = await world.node({ masterKeys: masterKeys(SECOND_KEY) })
    expect(await other.sheet('liepkalni-link')).toMatchObject({
      settings: { senderId: 'LIEPKALNI' },
      findings: [{ severity: 'fault', message: expect.stringContaining('does not open') }],
    })
  })

  it('is undefined for an agreement that there is not', async () => {
    expect(await world.merchants.sheet('nobody')).toBeUndefined()
  })
})

describe('what ends soon', () => {
  it('is told of an agreement 45 days before, and after it ended', async () => {
    expect(await warnings('liepkalni-gateway', '2027-05-10T12:00:00Z')).toEqual([])
    const soon = 'nobody is offered it afterwards; agree on its successor'
    expect(await warnings('liepkalni-gateway', '2027-05-20T12:00:00Z')).toEqual([
      `warning: ends on June 30, 2027: ${soon}`,
    ])
    expect(await warnings('liepkalni-gateway', '2027-07-02T12:00:00Z')).toEqual([
      `warning: ended on June 30, 2027: ${soon}`,
    ])
  })

  it('is told of a key only where none of its name follows', async () => {
    expect(await warnings('liepkalni-link', '2026-12-20T12:00:00Z'), 'the next one is valid already').toEqual([])
    const alone = exampleYaml.replace(/\n.*next-bank.*/, '')
    await world.apply(alone)
    expect(await warnings('liepkalni-link', '2026-12-20T12:00:00Z')).toEqual([
      'warning: the key "bank" ends on December 31, 2026 and none follows it: agree on the next one and apply it',
    ])
    expect(await warnings('liepkalni-link', '2027-01-02T12:00:00Z')).toEqual([
      'fault: no key "bank" is valid now: apply one that is',
    ])
    const gap = alone.replace(
      '{ publicKey: { file: keys/bank.pem }, to: 2026-12-31 }',
      '{ publicKey: { file: keys/bank.pem }, to: 2026-12-31 }\n            - { publicKey: { file: keys/next-bank.pem }, from: 2027-01-02 }',
    )
    await world.apply(gap)
    expect(await warnings('liepkalni-link', '2026-12-20T12:00:00Z'), 'a day without any').toHaveLength(1)
  })
})
