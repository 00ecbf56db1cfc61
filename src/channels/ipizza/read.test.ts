import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../kernel/time.ts'
import { toBase64 } from '../../wire/base64.ts'
import { type Charset, encode } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import { type LengthUnit, lengthPrefixed } from '../../wire/length-prefix.ts'
import type { Reading, WireMessage } from '../channel.ts'
import { testAgreement, throwAwayKeys } from '../conformance/agreement.ts'
import { sebLtChannel } from '../seb-lt/channel.ts'
import { swedbankLvChannel as channel } from '../swedbank-lv/channel.ts'
import { answerForm } from './services.ts'

const NOW = parseInstant('2026-11-23T08:00:00Z') ?? 0
const bank = throwAwayKeys('rsa')
const next = throwAwayKeys('rsa')
const SETTINGS = { senderId: 'LIEPKALNI', service: '1012', version: '009', url: 'https://bank.example/' }

const FIELDS = {
  VK_SERVICE: '1111',
  VK_VERSION: '009',
  VK_SND_ID: 'HP',
  VK_REC_ID: 'LIEPKALNI',
  VK_STAMP: '1001',
  VK_T_NO: '4711',
  VK_AMOUNT: '12.34',
  VK_CURR: 'EUR',
  VK_REC_ACC: 'LV07HABA0000000000001',
  VK_REC_NAME: 'Liepkalnu novada pašvaldība',
  VK_SND_ACC: 'LV44HABA0551000000777',
  VK_SND_NAME: 'ILZE PARAUDZIŅA',
  VK_REF: '',
  VK_MSG: 'NIN-2026-000123 Nekustamā īpašuma nodoklis',
  VK_T_DATETIME: '2026-11-23T09:17:31+0200',
  VK_LANG: 'LAT',
  VK_AUTO: 'Y',
  VK_ENCODING: 'UTF-8',
}
type Fields = Readonly<Record<string, string | undefined>>
type Written = {
  readonly signedIn?: Charset
  readonly sentIn?: Charset
  readonly unit?: LengthUnit
  readonly key?: string
  /** After signing. */
  readonly altered?: Fields
  readonly mac?: (mac: string) => string
}

const must = <Value>(result: { ok: true; value: Value } | { ok: false; error: string }): Value => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}

/** A query as the bank would write it: the form's fields, signed. */
const query = async (fields: Fields = {}, how: Written = {}): Promise<string> => {
  const { signedIn = 'UTF-8', sentIn = signedIn, unit = 'chars', key = bank.privateKey, altered = {} } = how
  const all: Fields = { ...FIELDS, ...fields }
  const names = answerForm(all.VK_SERVICE ?? '')?.signed ?? Object.keys(FIELDS)
  const text = must(
    lengthPrefixed(
      names.map((name) => all[name] ?? ''),
      unit,
      signedIn,
    ),
  )
  const signer = testAgreement(channel, { settings: SETTINGS, keys: { bank: { privateKey: key } }, now: NOW })
  const algorithm = all.VK_VERSION === '008' ? 'rsa-sha1' : 'rsa-sha512'
  const mac = toBase64(await signer.sign('bank', algorithm, must(encode(text, signedIn))))
  const sent = { ...all, VK_MAC: how.mac?.(mac) ?? mac, ...altered }
  const present = Object.entries(sent).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return must(writeForm(present, sentIn))
}

const arriving = (given: string, receivedAt = NOW): WireMessage => ({
  method: 'GET',
  url: `https://hub.example/psp/swedbank-lv/a/att_1/back?${given}`,
  headers: {},
  body: new Uint8Array(),
  receivedAt,
})

const heard = (message: WireMessage, settings: Readonly<Record<string, unknown>> = {}) =>
  channel.read(
    message,
    testAgreement(channel, {
      settings: { ...SETTINGS, ...settings },
      keys: {
        bank: [
          { publicKey: bank.publicKey, to: NOW + 1000 },
          { publicKey: next.publicKey, from: NOW },
        ],
      },
      now: NOW,
    }),
  )

const reading = async (given: string, settings: Readonly<Record<string, unknown>> = {}): Promise<Reading> => {
  const { readings } = await heard(arriving(given), settings)
  expect(readings).toHaveLength(1)
  return readings[0] ?? expect.fail('nothing was read')
}

const PAID = {
  about: { number: '1001' },
  says: 'paid',
  states: {
    amount: { amountMinor: 1234, currency: 'EUR' },
    payee: 'LV07HABA0000000000001',
    reference: '4711',
    at: parseInstant('2026-11-23T07:17:31Z'),
  },
  payer: { name: 'ILZE PARAUDZIŅA', account: 'LV44HABA0551000000777' },
}

describe('an answer that is not believed', () => {
  const none = { VK_SERVICE: undefined }
  it.each<[string, string, Fields, Written?]>([
    ['field_missing', 'VK_SERVICE is missing or empty', none],
    ['field_missing', 'VK_STAMP is missing or empty', { VK_STAMP: '' }],
    ['field_missing', 'VK_AMOUNT is missing or empty', { VK_AMOUNT: undefined }],
    ['field_missing', 'VK_MAC is missing or empty', {}, { altered: { VK_MAC: undefined } }],
    ['service', 'VK_SERVICE "3012" is no answer to a payment', { VK_SERVICE: '3012' }],
    ['service', 'VK_SERVICE "toString" is no answer to a payment', { VK_SERVICE: 'toString' }],
    ['version', 'VK_VERSION is "008", agreed is 009', { VK_VERSION: '008' }],
    ['version', 'VK_VERSION is "010", agreed is 009', { VK_VERSION: '010' }],
    ['sender', 'VK_SND_ID is "EYP", the bank is HP', { VK_SND_ID: 'EYP' }],
    ['receiver', 'VK_REC_ID is "CITS", we are LIEPKALNI', { VK_REC_ID: 'CITS' }],
    ['encoding', 'VK_MAC is not base64', {}, { mac: () => 'not base64!' }],
    ['signature', 'VK_MAC does not verify with any key valid on 2026-11-23', {}, { altered: { VK_AMOUNT: '12.35' } }],
    ['signature', 'VK_MAC does not verify with any key valid on 2026-11-23', {}, { altered: { VK_T_NO: undefined } }],
    ['signature', 'VK_MAC does not verify with any key valid on 2026-11-23', {}, { unit: 'bytes' }],
    [
      'charset',
      'the message is not written in the charset it names, nor in any agreed one',
      {},
      { sentIn: 'WINDOWS-1257' },
    ],
    [
      'field_too_long',
      'VK_MSG is longer than the 999 that a signature can count',
      {},
      { altered: { VK_MSG: 'x'.repeat(1000) } },
    ],
  ])('by the rule %s: %s', async (rule, detail, fields, how = {}) => {
    const given = await query(fields, how)
    expect(await reading(given)).toEqual({ about: { address: true }, says: 'untrusted', rule, detail })
    expect((await heard(arriving(given))).answer).toEqual({ status: 400, body: '' })
  })

  it.each(['VK_AMOUNT=12.34', 'VK_AMOUNT=99.00', 'VK_MAC=', 'VK_AUTO=N'])(
    'when %s is there a second time',
    async (field) => {
      const given = await query()
      expect(await reading(`${given}&${field}`)).toMatchObject({ says: 'untrusted', rule: 'field_repeated' })
      expect(await reading(`${field}&${given}`)).toMatchObject({ says: 'untrusted', rule: 'field_repeated' })
    },
  )

  it('when the payer comes back with nothing at all', async () => {
    const { readings, carrier, answer } = await heard(arriving(''))
    expect(readings).toMatchObject([{ says: 'untrusted', rule: 'field_missing' }])
    expect([carrier, answer]).toEqual(['payer', undefined])
  })
})

describe('an answer that is believed', () => {
  it('says that it was paid, and how the bank’s server wants to be answered', async () => {
    expect(await heard(arriving(await query()))).toEqual({
      readings: [PAID],
      carrier: 'psp',
      answer: { status: 200, body: '' },
    })
  })

  it.each([undefined, 'N', 'y', ''])(
    'means the same when VK_AUTO is %j; only the carrier is the payer',
    async (auto) => {
      const given = await query({}, { altered: { VK_AUTO: auto } })
      expect(await heard(arriving(given))).toEqual({ readings: [PAID], carrier: 'payer' })
    },
  )

  it('is refused without saying by whom', async () => {
    for (const service of ['1901', '1911']) {
      const given = await query({ VK_SERVICE: service, VK_AMOUNT: undefined, VK_CURR: undefined })
      expect(await reading(given)).toEqual({
        about: { number: '1001' },
        says: 'refused',
        reason: 'declined',
        word: service,
      })
    }
  })

  it('is refused by 1902 with the bank’s code, which is signed', async () => {
    const given = await query({ VK_SERVICE: '1902', VK_ERROR_CODE: '17' })
    expect(await reading(given)).toMatchObject({ says: 'refused', reason: 'declined', word: '1902 17' })
    expect(await reading(given.replace('VK_ERROR_CODE=17', 'VK_ERROR_CODE=18'))).toMatchObject({ rule: 'signature' })
  })

  it('may name the paid account in VK_ACC, where the bank’s profile says so', async () => {
    const given = (await query()).replace('VK_REC_ACC=', 'VK_ACC=')
    const settings = { ...SETTINGS, bankId: 'HP' }
    const agreement = testAgreement(sebLtChannel, {
      settings,
      keys: { bank: [{ publicKey: bank.publicKey }] },
      now: NOW,
    })
    expect((await sebLtChannel.read(arriving(given), agreement)).readings).toEqual([PAID])
    expect(await reading(given)).toMatchObject({ says: 'untrusted', rule: 'signature' })
  })

  it('is accepted by 1201, which has no number and no time', async () => {
    const given = await query({ VK_SERVICE: '1201', VK_T_NO: undefined, VK_T_DATETIME: undefined })
    expect(await reading(given)).toEqual({
      ...PAID,
      says: 'accepted',
      states: { amount: PAID.states.amount, payee: PAID.states.payee },
    })
  })

  it.each<[string, Fields, object]>([
    ['an amount without its zero', { VK_AMOUNT: '.17' }, { amount: { amountMinor: 17, currency: 'EUR' } }],
    ['an amount with more zeros', { VK_AMOUNT: '12.3400' }, { amount: { amountMinor: 1234, currency: 'EUR' } }],
    ['another currency', { VK_CURR: 'USD' }, { amount: { amountMinor: 1234, currency: 'USD' } }],
    ['an amount that is none', { VK_AMOUNT: '12,34' }, { amount: undefined }],
    ['a currency that is none', { VK_CURR: 'eur' }, { amount: undefined }],
    ['no payment number', { VK_T_NO: undefined }, { reference: undefined }],
    ['a time that is none', { VK_T_DATETIME: 'yesterday' }, { at: undefined }],
    ['a day only', { VK_SERVICE: '1101', VK_T_DATE: '23.11.2026' }, { at: parseInstant('2026-11-22T22:00:00Z') }],
    ['a day that is none', { VK_SERVICE: '1101', VK_T_DATE: '31.02.2026' }, { at: undefined }],
  ])('states what can be read in %s', async (_, fields, states) => {
    const { at, ...others } = PAID.states
    const usual = fields.VK_SERVICE === '1101' ? others : { ...others, at }
    const { states: stated } = await reading(await query(fields))
    expect({ ...stated }).toEqual(JSON.parse(JSON.stringify({ ...usual, ...states })))
  })

  it('is read by POST, and by POST with everything in the address', async () => {
    const given = await query()
    const post = { ...arriving(''), method: 'POST', body: new TextEncoder().encode(given) }
    expect((await heard(post)).readings).toEqual([PAID])
    expect((await heard({ ...arriving(given), method: 'POST' })).readings).toEqual([PAID])
  })

  it('survives what forms do to base64', async () => {
    for (const mac of [
      (text: string) => text.replaceAll('+', ' '),
      (text: string) => text.replaceAll(/(.{64})/g, '$1\r\n'),
    ]) {
      expect(await reading(await query({}, { mac }))).toEqual(PAID)
    }
  })

  it('is as good when it is a month old: money is not refused for its age', async () => {
    const given = await query({ VK_T_DATETIME: '2026-10-20T09:00:00+0300' })
    expect(await reading(given)).toMatchObject({ says: 'paid' })
  })

  it.each<[string, Written, Readonly<Record<string, unknown>>]>([
    ['declared', { signedIn: 'ISO-8859-13' }, {}],
    ['agreed', { signedIn: 'WINDOWS-1257' }, { charset: 'WINDOWS-1257' }],
    ['a fallback, signed in it', { signedIn: 'WINDOWS-1257' }, { fallbackCharsets: ['WINDOWS-1257'] }],
    [
      'a fallback, signed as declared',
      { sentIn: 'WINDOWS-1257' },
      { fallbackCharsets: ['ISO-8859-1', 'WINDOWS-1257'] },
    ],
    ['counted in bytes', { unit: 'bytes' }, { lengthUnit: 'bytes' }],
  ])('is read in the charset that its signature proves: %s', async (kind, how, settings) => {
    const fields = { VK_ENCODING: kind === 'declared' ? 'ISO-8859-13' : kind === 'agreed' ? 'strange' : 'UTF-8' }
    expect(await reading(await query(fields, how), settings)).toEqual(PAID)
  })

  it('is verified with whatever key was valid when it was received', async () => {
    const old = await query()
    const rolled = await query({}, { key: next.privateKey })
    const rule = async (given: string, at: number) => (await heard(arriving(given, at))).readings[0]?.says
    expect([await rule(old, NOW - 1), await rule(rolled, NOW - 1)]).toEqual(['paid', 'untrusted'])
    expect([await rule(old, NOW), await rule(rolled, NOW)]).toEqual(['paid', 'paid'])
    expect([await rule(old, NOW + 1000), await rule(rolled, NOW + 1000)]).toEqual(['untrusted', 'paid'])
  })
})
