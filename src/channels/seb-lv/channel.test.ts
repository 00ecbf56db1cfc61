import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../kernel/time.ts'
import { encode } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import { lengthPrefixed } from '../../wire/length-prefix.ts'
import type { Order, Reading, WireMessage } from '../channel.ts'
import { type TestKeys, testAgreement } from '../conformance/agreement.ts'
import { sebLvChannel as channel } from './channel.ts'

type Vector = {
  readonly id: string
  readonly message?: string
  readonly algorithm: string
  readonly key: string
  readonly signed_fields_in_order?: readonly string[]
  readonly fields?: Readonly<Record<string, string>>
  readonly signing_string: string
  readonly signing_bytes_hex?: string
  readonly signature_base64: string
  readonly expect: 'valid' | 'invalid'
}
type Key = { readonly private_pem?: string; readonly public_pem?: string; readonly certificate_pem?: string }
const vectors: { readonly keys: Readonly<Record<string, Key>>; readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('./vectors/seb_lv_elink.json', import.meta.url), 'utf8'),
)
const publicOf = (name: string): string => {
  const key = vectors.keys[name]
  return key?.public_pem ?? key?.certificate_pem ?? key?.private_pem ?? expect.fail(`no key ${name}`)
}
const bankKeys = (name: string): TestKeys => ({ bank: [{ publicKey: publicOf(name) }] })

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const SETTINGS = { senderId: 'CMATEST', url: 'https://ibanka.seb.lv/ipc/epakindex.jsp' }
const merchantKeys: TestKeys = { merchant: { privateKey: vectors.keys.hub_merchant?.private_pem ?? '' } }
const agreement = (keys: TestKeys, senderId = 'CMATEST') =>
  testAgreement(channel, { settings: { ...SETTINGS, senderId }, keys, now: NOW })

const form = (fields: readonly (readonly [string, string])[]): string => {
  const text = writeForm(fields, 'UTF-8')
  return text.ok ? text.value : expect.fail(text.error)
}
const ADDRESS = 'https://hub.example/psp/seb-lv/liepkalni/att_1/back'
const get = (query: string): WireMessage => ({
  method: 'GET',
  url: `${ADDRESS}?${query}`,
  headers: {},
  body: new Uint8Array(),
  receivedAt: NOW,
})
const post = (body: string): WireMessage => ({
  ...get(''),
  method: 'POST',
  url: ADDRESS,
  body: new TextEncoder().encode(body),
})

const ORDER: Order = {
  attempt: { id: 'att_1', number: '20261123000000000001' },
  amount: { amountMinor: 1234, currency: 'EUR' },
  payee: { iban: 'LV50UNLA0000000000002', name: 'Parauga novada pašvaldība' },
  reference: 'Nodeva',
  description: 'par būvatļauju Nr. 2026/0001 (ŠĶĒRSIELA)',
  language: 'lv',
  addresses: { back: 'https://cma.example.lv/psp/seb/feedback', notice: 'https://cma.example.lv/psp/seb/feedback' },
}
const begun = async (order: Partial<Order> = {}) => {
  const step = await channel.begin({ ...ORDER, ...order }, agreement(merchantKeys))
  return step.step === 'form' ? { ...step, field: Object.fromEntries(step.fields) } : expect.fail(step.step)
}

describe('the vectors', () => {
  it.each(vectors.vectors)('$id is rebuilt byte for byte and verifies as it should', async (vector) => {
    const { signed_fields_in_order: names, fields } = vector
    if (names && fields) {
      const values = names.map((name) => fields[name] ?? '')
      expect(lengthPrefixed(values, 'chars', 'UTF-8')).toEqual({ ok: true, value: vector.signing_string })
    }
    const bytes = encode(vector.signing_string, 'UTF-8')
    if (!bytes.ok) return expect.fail(bytes.error)
    if (vector.signing_bytes_hex) expect(Buffer.from(bytes.value).toString('hex')).toBe(vector.signing_bytes_hex)
    const algorithm = vector.algorithm.endsWith('SHA-1') ? 'rsa-sha1' : 'rsa-sha512'
    const crc = new Uint8Array(Buffer.from(vector.signature_base64, 'base64'))
    const verified = await agreement(bankKeys(vector.key)).verify('bank', algorithm, bytes.value, crc, NOW)
    expect(verified).toBe(vector.expect === 'valid')
  })

  const answers = vectors.vectors.filter(({ message = '' }) => message === '0003' || message === '0004')

  it.each(answers)('$id is read as the bank meant it, by GET and by POST', async ({ fields = {}, ...vector }) => {
    const ours = agreement(bankKeys(vector.key), fields.IB_REC_ID)
    const written = form([...Object.entries(fields), ['IB_CRC', vector.signature_base64]])
    const heard = await channel.read(get(written), ours)
    expect(heard).toEqual({
      readings: [
        vector.expect === 'valid' ? meantBy(fields) : expect.objectContaining({ says: 'untrusted', rule: 'signature' }),
      ],
      carrier: fields.IB_FROM_SERVER === 'Y' ? 'psp' : 'payer',
      ...(fields.IB_FROM_SERVER === 'Y' ? { answer: { status: vector.expect === 'valid' ? 200 : 400, body: '' } } : {}),
    })
    expect(await channel.read(post(written), ours)).toEqual(heard)
  })

  const meantBy = (fields: Readonly<Record<string, string>>): Reading => {
    const about = { number: fields.IB_PAYMENT_ID ?? '' }
    if (fields.IB_STATUS === 'ACCOMPLISHED') return { about, says: 'paid' }
    if (fields.IB_STATUS === 'CANCELLED') return { about, says: 'refused', reason: 'declined', word: 'CANCELLED' }
    const [day, month, year] = (fields.IB_PAYMENT_DATE ?? '').split('.')
    return {
      about,
      says: 'accepted',
      states: {
        amount: { amountMinor: Math.round(Number(fields.IB_AMOUNT) * 100), currency: fields.IB_CURR ?? '' },
        payee: fields.IB_REC_ACC ?? '',
        at: parseInstant(`${year}-${month}-${day}T${fields.IB_PAYMENT_TIME}+0200`) ?? 0,
      },
      payer: { name: fields.IB_PAYER_NAME ?? '', account: fields.IB_PAYER_ACC ?? '' },
    }
  }

  it('self-002-0002 is begun with the same fields and the same signature', async () => {
    const vector = vectors.vectors.find(({ id }) => id === 'self-002-0002')
    const step = await begun()
    expect(step.signed).toBe(vector?.signing_string)
    expect(step.field).toEqual({ ...vector?.fields, IB_CRC: vector?.signature_base64 })
  })
})

describe('who brought a message', () => {
  const swapped = async (id: string) => {
    const vector = vectors.vectors.find((one) => one.id === id) ?? expect.fail(id)
    const fields = { ...vector.fields, IB_FROM_SERVER: 'N', IB_CRC: vector.signature_base64 }
    return channel.read(post(form(Object.entries(fields))), agreement(bankKeys('bank')))
  }

  it('is not signed in 0003 and is signed in 0004', async () => {
    expect((await swapped('self-002-0003-Y')).readings).toMatchObject([{ says: 'accepted' }])
    expect((await swapped('self-002-0004-acc-Y')).readings).toMatchObject([{ says: 'untrusted', rule: 'signature' }])
  })
})

describe('answers in version 001', () => {
  const answered = async (answerVersions?: readonly string[]) => {
    const vector = vectors.vectors.find(({ id }) => id === 'self-001-0003-Y') ?? expect.fail('no vector in 001')
    const settings = { ...SETTINGS, ...(answerVersions ? { answerVersions } : {}) }
    const ours = testAgreement(channel, { settings, keys: bankKeys(vector.key), now: NOW })
    const written = form([...Object.entries(vector.fields ?? {}), ['IB_CRC', vector.signature_base64]])
    return (await channel.read(post(written), ours)).readings
  }

  it('are read unless the agreement says otherwise', async () => {
    expect(await answered()).toMatchObject([{ says: 'accepted' }])
    expect(await answered(['001'])).toMatchObject([{ says: 'accepted' }])
    expect(await answered(['002'])).toEqual([
      {
        about: { address: true },
        says: 'untrusted',
        rule: 'version',
        detail: 'IB_VERSION is "001", the agreement reads 002',
      },
    ])
  })
})

describe('an order', () => {
  it('cuts a long description and name by code points, never the reference', async () => {
    const { field } = await begun({ description: '🚌'.repeat(200), payee: { ...ORDER.payee, name: 'ķ'.repeat(40) } })
    expect(field.IB_PAYMENT_DESC).toBe(`Nodeva ${'🚌'.repeat(93)}`)
    expect(field.IB_NAME).toBe('ķ'.repeat(30))
  })

  it.each([
    ['lv', 'LAT'],
    ['ru', 'RUS'],
    ['en', 'ENG'],
    ['lt', 'ENG'],
  ])('in language %s asks for %s', async (language, code) => {
    expect((await begun({ language })).field.IB_LANG).toBe(code)
  })

  it('is not begun with an address longer than the bank takes', async () => {
    const back = `https://hub.example/${'x'.repeat(150)}`
    await expect(begun({ addresses: { back, notice: back } })).rejects.toThrow(/IB_FEEDBACK is 170 characters long/)
  })
})
