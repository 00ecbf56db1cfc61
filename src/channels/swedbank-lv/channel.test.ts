import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../kernel/time.ts'
import { type Charset, charsetOf, encode } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import { type LengthUnit, lengthPrefixed } from '../../wire/length-prefix.ts'
import type { Order, Reading, WireMessage } from '../channel.ts'
import { type TestKeys, testAgreement } from '../conformance/agreement.ts'
import { swedbankLvChannel as channel } from './channel.ts'

type Vector = {
  readonly id: string
  readonly origin: string
  readonly message: string
  readonly direction: 'hub->bank' | 'bank->hub'
  readonly key: string
  readonly charset: string
  readonly length_unit: LengthUnit
  readonly signed_fields_in_order: readonly string[]
  readonly fields: Readonly<Record<string, string>>
  readonly signing_string: string
  readonly signing_bytes_hex: string
  readonly signature_base64: string
  readonly expect: 'valid' | 'invalid'
  readonly wire?: string
}
type Vectors = {
  readonly spec_strings: readonly { readonly fields_values: readonly string[]; readonly expected: string }[]
  readonly keys: Readonly<Record<string, { readonly private_pem: string; readonly public_pem: string }>>
  readonly vectors: readonly Vector[]
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('./vectors/ipizza.json', import.meta.url), 'utf8'))

const pem = (name: string) => {
  const key = vectors.keys[name]
  if (!key) throw new Error(`no key ${name}`)
  return key
}
const instant = (text: string) => parseInstant(text) ?? Number.NaN
const charset = (name: string): Charset => charsetOf(name) ?? 'UTF-8'

const NOW = instant('2026-11-23T07:15:00Z')
const SETTINGS = {
  senderId: 'CMATEST',
  bankId: 'HP',
  service: '1012',
  version: '008',
  url: 'https://www.swedbank.lv/banklink/',
}
const KEYS: TestKeys = {
  merchant: { privateKey: pem('hub_merchant').private_pem },
  bank: [{ publicKey: pem('bank').public_pem }],
}
const agreement = (settings: Readonly<Record<string, unknown>> = {}, keys: TestKeys = KEYS) =>
  testAgreement(channel, { settings: { ...SETTINGS, ...settings }, keys, now: NOW })

const written = (fields: readonly (readonly [string, string])[], as: Charset = 'UTF-8'): string => {
  const form = writeForm(fields, as)
  if (!form.ok) throw new Error(form.error)
  return form.value
}
const get = (query: string): WireMessage => ({
  method: 'GET',
  url: `https://hub.example/psp/swedbank-lv/liepkalni/att_1/back?${query}`,
  headers: {},
  body: new Uint8Array(),
  receivedAt: NOW,
})
const post = (form: string): WireMessage => ({
  method: 'POST',
  url: 'https://hub.example/psp/swedbank-lv/liepkalni/att_1/back',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new TextEncoder().encode(form),
  receivedAt: NOW,
})

const ORDER: Order = {
  attempt: { id: 'att_1', number: '1001' },
  amount: { amountMinor: 1234, currency: 'EUR' },
  payee: { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' },
  reference: 'NIN-2026-000123',
  description: 'Nekustamā īpašuma nodoklis 2026',
  language: 'lv',
  addresses: {
    back: 'https://hub.example/psp/swedbank-lv/liepkalni/att_1/back',
    notice: 'https://hub.example/psp/swedbank-lv/liepkalni/att_1/notice',
  },
}

const begun = async (order: Partial<Order> = {}, settings: Readonly<Record<string, unknown>> = {}) => {
  const step = await channel.begin({ ...ORDER, ...order }, agreement(settings))
  if (step.step !== 'form') throw new Error(step.step)
  return { ...step, field: Object.fromEntries(step.fields) }
}

describe('the vectors', () => {
  it.each(vectors.spec_strings)('give $expected', ({ fields_values, expected }) => {
    expect(lengthPrefixed(fields_values, 'chars', 'UTF-8')).toEqual({ ok: true, value: expected })
  })

  it.each(vectors.vectors)('$id is rebuilt from its fields, byte for byte', async (vector) => {
    const values = vector.signed_fields_in_order.map((name) => vector.fields[name] ?? '')
    const text = lengthPrefixed(values, vector.length_unit, charset(vector.charset))
    expect(text).toEqual({ ok: true, value: vector.signing_string })
    const bytes = encode(vector.signing_string, charset(vector.charset))
    if (!bytes.ok) throw new Error(bytes.error)
    expect(Buffer.from(bytes.value).toString('hex')).toBe(vector.signing_bytes_hex)
    const keys: TestKeys = { bank: [{ publicKey: pem(vector.key).public_pem }] }
    const algorithm = vector.fields.VK_VERSION === '009' ? 'rsa-sha512' : 'rsa-sha1'
    const mac = new Uint8Array(Buffer.from(vector.signature_base64, 'base64'))
    expect(await agreement({}, keys).verify('bank', algorithm, bytes.value, mac, NOW)).toBe(vector.expect === 'valid')
  })

  const answers = vectors.vectors.filter(
    ({ direction, message }) => direction === 'bank->hub' && !message.startsWith('3'),
  )

  it.each(answers)('$id is read as the bank meant it, by GET and by POST', async (vector) => {
    const { fields } = vector
    const ours = agreement(
      { version: fields.VK_VERSION, senderId: fields.VK_REC_ID, lengthUnit: vector.length_unit },
      { bank: [{ publicKey: pem(vector.key).public_pem }] },
    )
    const form = written([...Object.entries(fields), ['VK_MAC', vector.signature_base64]], charset(vector.charset))
    const wire = vector.wire?.replace(/^.* = /, '')
    if (wire !== undefined) expect(form).toBe(wire)
    const heard = await channel.read(get(form), ours)
    expect(heard.readings).toEqual([
      vector.expect === 'valid' ? meantBy(fields) : expect.objectContaining({ says: 'untrusted', rule: 'signature' }),
    ])
    expect(heard.carrier).toBe(fields.VK_AUTO === 'Y' ? 'psp' : 'payer')
    expect(await channel.read(post(form), ours)).toEqual(heard)
  })

  const meantBy = (fields: Readonly<Record<string, string>>): Reading => {
    const about = { number: fields.VK_STAMP ?? '' }
    if (fields.VK_SERVICE?.startsWith('19'))
      return { about, says: 'refused', reason: 'declined', word: fields.VK_SERVICE }
    const [day, month, year] = (fields.VK_T_DATE ?? '').split('.')
    const amountMinor = Math.round(Number(fields.VK_AMOUNT) * 100)
    return {
      about,
      says: 'paid',
      states: {
        amount: { amountMinor, currency: fields.VK_CURR ?? '' },
        payee: fields.VK_REC_ACC ?? '',
        reference: fields.VK_T_NO ?? '',
        at: instant(fields.VK_T_DATETIME ?? `${year}-${month}-${day}T00:00:00+0200`),
      },
      payer: { name: fields.VK_SND_NAME ?? '', account: fields.VK_SND_ACC ?? '' },
    }
  }

  /** Those whose every field the channel decides as the vector's author did: 1011 and 1012 have two return addresses there. */
  const orders = vectors.vectors.filter(({ id }) => /^self-.*-100[12]-lv$/.test(id))

  it.each(orders)('$id is begun with the same fields and the same signature', async (vector) => {
    const {
      VK_SERVICE,
      VK_VERSION,
      VK_STAMP = '',
      VK_MSG = '',
      VK_RETURN = '',
      VK_ACC = '',
      VK_NAME = '',
    } = vector.fields
    const [reference = '', ...words] = VK_MSG.split(' ')
    const step = await begun(
      {
        attempt: { id: 'att_1', number: VK_STAMP },
        payee: { iban: VK_ACC, name: VK_NAME },
        reference,
        description: words.join(' '),
        addresses: { back: VK_RETURN, notice: VK_RETURN },
      },
      { service: VK_SERVICE, version: VK_VERSION },
    )
    expect(step.signed).toBe(vector.signing_string)
    expect(step.field).toEqual({ ...vector.fields, VK_MAC: vector.signature_base64 })
  })
})

describe('an order', () => {
  it('is a form whose fields come in the bank’s order, with the empty one present', async () => {
    const step = await begun()
    expect(step.url).toBe(SETTINGS.url)
    expect(step.charset).toBe('UTF-8')
    expect(step.fields.filter(([name]) => name !== 'VK_MAC')).toEqual([
      ['VK_SERVICE', '1012'],
      ['VK_VERSION', '008'],
      ['VK_SND_ID', 'CMATEST'],
      ['VK_STAMP', '1001'],
      ['VK_AMOUNT', '12.34'],
      ['VK_CURR', 'EUR'],
      ['VK_REF', ''],
      ['VK_MSG', 'NIN-2026-000123 Nekustamā īpašuma nodoklis 2026'],
      ['VK_RETURN', ORDER.addresses.back],
      ['VK_CANCEL', ORDER.addresses.back],
      ['VK_DATETIME', '2026-11-23T09:15:00+0200'],
      ['VK_ENCODING', 'UTF-8'],
      ['VK_LANG', 'LAT'],
    ])
    expect(step.signed).toBe(
      `0041012003008007CMATEST00410010051${'2.34003EUR000047NIN-2026-000123 Nekustamā īpašuma nodoklis 2026'}` +
        `0${ORDER.addresses.back.length}${ORDER.addresses.back}0${ORDER.addresses.back.length}${ORDER.addresses.back}0242026-11-23T09:15:00+0200`,
    )
  })

  it.each([
    ['1001', 'rsa-sha1', '008'],
    ['1002', 'rsa-sha512', '009'],
    ['1011', 'rsa-sha512', '009'],
    ['1012', 'rsa-sha1', '008'],
  ] as const)('of service %s is signed by %s in version %s', async (service, algorithm, version) => {
    const step = await begun({}, { service, version })
    const mac = new Uint8Array(Buffer.from(step.field.VK_MAC ?? '', 'base64'))
    const text = new TextEncoder().encode(step.signed)
    const ours = agreement({}, { bank: [{ publicKey: pem('hub_merchant').public_pem }] })
    expect(await ours.verify('bank', algorithm, text, mac, NOW)).toBe(true)
    expect(step.field.VK_RETURN).toBe(ORDER.addresses.back)
    expect(step.signed?.includes(ORDER.addresses.back)).toBe(service.startsWith('101'))
    expect('VK_CANCEL' in step.field).toBe(service.startsWith('101'))
    expect('VK_ACC' in step.field).toBe(service.endsWith('1'))
  })

  it.each([
    ['RF18539007547034', 'RF18539007547034', ''],
    ['RF37123456789012345678901', '', 'NIN-2026-000123 RF37123456789012345678901 Nekustamā īpašuma nodoklis 2026'],
  ])('with the reference %s has it where it fits whole', async (paymentReference, ref, msg) => {
    const { field } = await begun({ paymentReference })
    expect([field.VK_REF, field.VK_MSG]).toEqual([ref, msg])
  })

  it('cuts a long description by code points, never the reference', async () => {
    const { field } = await begun({ description: '🚌'.repeat(400) })
    expect(field.VK_MSG).toBe(`NIN-2026-000123 ${'🚌'.repeat(284)}`)
    const bytes = await begun({ description: 'ķ'.repeat(400) }, { lengthUnit: 'bytes' })
    expect(bytes.field.VK_MSG).toBe(`NIN-2026-000123 ${'ķ'.repeat(142)}`)
  })

  it.each([
    ['UTF-8', 'Šķūnis – „A”\r\n🚌', 'Šķūnis – „A” 🚌'],
    ['WINDOWS-1257', 'Šķūnis – „Щ”', 'Šķūnis – „Shch”'],
    ['ISO-8859-1', 'Šķūnis – „A”', 'Skunis - "A"'],
  ])('in %s holds no letter that the charset lacks', async (as, description, message) => {
    const step = await begun({ description }, { charset: as })
    expect(step.field.VK_MSG).toBe(`NIN-2026-000123 ${message}`)
    expect([step.charset, step.field.VK_ENCODING]).toEqual([as, as])
  })

  it.each([
    ['lv', 'LAT'],
    ['ru', 'RUS'],
    ['en', 'ENG'],
    ['lt', 'ENG'],
  ])('in language %s asks for %s', async (language, code) => {
    expect((await begun({ language })).field.VK_LANG).toBe(code)
  })

  it('has summer time in its offset', async () => {
    const ours = testAgreement(channel, { settings: SETTINGS, keys: KEYS, now: instant('2026-07-01T21:30:05Z') })
    const step = await channel.begin(ORDER, ours)
    expect(step.step === 'form' && Object.fromEntries(step.fields).VK_DATETIME).toBe('2026-07-02T00:30:05+0300')
  })

  it.each([
    ['https://hub.example/back?attempt=1', /takes no query string in a return address/],
    [`https://hub.example/${'x'.repeat(150)}`, /VK_RETURN is 170 chars long, swedbank-lv takes 150/],
  ])('is not begun with the return address %s', async (back, message) => {
    await expect(begun({ addresses: { back, notice: back } })).rejects.toThrow(message)
  })
})
