import { describe, expect, it } from 'vitest'
import { MINUTE_MS, parseInstant } from '../../kernel/time.ts'
import type { Order } from '../channel.ts'
import { testAgreement, throwAwayKeys } from '../conformance/agreement.ts'
import { ipizzaChannel } from './family.ts'
import { ipizzaSettings } from './profile.ts'
import { sebLtProfile } from './profiles.ts'

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const merchant = throwAwayKeys('rsa')

/** Another bank of the family costs a profile: one as the Estonian standard of 2014 has it. */
const estonian = ipizzaChannel({
  id: 'some-ee',
  name: { lv: 'Kāda banka', en: 'Some bank' },
  bankId: 'EYP',
  services: ['1001', '1002', '1011', '1012'],
  limits: {
    VK_SND_ID: 15,
    VK_STAMP: 20,
    VK_AMOUNT: 12,
    VK_NAME: 70,
    VK_REF: 35,
    VK_MSG: 95,
    VK_RETURN: 255,
    VK_CANCEL: 255,
  },
  texts: 'both',
  queryInReturn: true,
  languages: { et: 'EST', en: 'ENG', ru: 'RUS' },
  otherLanguage: 'ENG',
  zone: 'Europe/Tallinn',
})

const SETTINGS = { senderId: 'LIEPKALNI', service: '1011', version: '008', url: 'https://bank.example/' }

const order = (some: Partial<Order> = {}): Order => ({
  attempt: { id: 'att_1', number: '1001' },
  amount: { amountMinor: 1234, currency: 'EUR' },
  payee: { iban: 'EE382200221020145685', name: 'Näidisvald' },
  reference: 'NIN-2026-000123',
  description: 'Maamaks 2026',
  language: 'et',
  addresses: { back: 'https://hub.example/back?attempt=1', notice: 'https://hub.example/notice' },
  ...some,
})

const begin = async (some: Partial<Order> = {}) => {
  const keys = { merchant: { privateKey: merchant.privateKey } }
  const step = await estonian.begin(order(some), testAgreement(estonian, { settings: SETTINGS, keys, now: NOW }))
  return step.step === 'form' ? Object.fromEntries(step.fields) : expect.fail(step.step)
}

describe('another bank of the family', () => {
  it('has its own lengths, languages and address rules', async () => {
    const fields = await begin({ description: 'õ'.repeat(200) })
    expect(fields).toMatchObject({
      VK_ACC: 'EE382200221020145685',
      VK_NAME: 'Näidisvald',
      VK_LANG: 'EST',
      VK_RETURN: 'https://hub.example/back?attempt=1',
      VK_DATETIME: '2026-11-23T09:15:00+0200',
    })
    expect([...(fields.VK_MSG ?? '')]).toHaveLength(95)
  })

  it('may have a reference and a description in one order', async () => {
    expect(await begin({ paymentReference: '12345672' })).toMatchObject({
      VK_REF: '12345672',
      VK_MSG: 'NIN-2026-000123 Maamaks 2026',
    })
  })

  it('is not sent an amount that it cannot hold', async () => {
    const amount = { amountMinor: 9_999_999_999_99, currency: 'EUR' }
    await expect(begin({ amount })).rejects.toThrow('VK_AMOUNT is 13 chars long, some-ee takes 12')
  })
})

describe('the settings of an agreement', () => {
  it('say nothing that is not needed: the rest is the bank’s usual', () => {
    expect(estonian.settings.parse(SETTINGS)).toEqual({
      ...SETTINGS,
      bankId: 'EYP',
      charset: 'UTF-8',
      fallbackCharsets: [],
      lengthUnit: 'chars',
      payableForMinutes: 60,
    })
  })

  it.each([
    { senderId: 'LONGER-THAN-FIFTEEN' },
    { senderId: 'TWO WORDS' },
    { service: '1013' },
    { version: '007' },
    { charset: 'KOI8-R' },
    { url: 'ftp://bank.example' },
    { payableForMinutes: 0 },
    { note: 'unknown' },
  ])('are refused with %j', (wrong) => {
    expect(estonian.settings.safeParse({ ...SETTINGS, ...wrong }).success).toBe(false)
  })

  it('must name the bank where its profile cannot, and only orders that it takes', () => {
    const nameless = ipizzaSettings({ ...sebLtProfile, services: ['1012'] })
    const given = { ...SETTINGS, service: '1012' }
    expect(nameless.safeParse(given).success).toBe(false)
    expect(nameless.safeParse({ ...given, bankId: 'SEBLT' }).success).toBe(true)
    expect(nameless.safeParse({ ...given, bankId: 'SEBLT', service: '1011' }).success).toBe(false)
  })

  it('set the last moment at which the bank takes the money', () => {
    const times = estonian.times(estonian.settings.parse({ ...SETTINGS, payableForMinutes: 20 }))
    expect([times.lastMomentMs, times.unansweredBegin]).toEqual([20 * MINUTE_MS, 'unknown'])
  })
})
