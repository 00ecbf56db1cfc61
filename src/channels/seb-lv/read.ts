import { fromDecimal, isCurrency } from '../../kernel/money.ts'
import { fail, ok, type Result } from '../../kernel/result.ts'
import { type Instant, localTime, parseInstant, startOfDay, toRfc3339 } from '../../kernel/time.ts'
import { base64FromForm } from '../../wire/base64.ts'
import { decode, encode } from '../../wire/charset.ts'
import { asciiOf, parseForm, queryOf } from '../../wire/form.ts'
import { lengthPrefixed, MAX_LENGTH } from '../../wire/length-prefix.ts'
import type { Agreement, Heard, PayerAtPsp, Reading, States, WireMessage } from '../channel.ts'
import type { SebLvSettings } from './channel.ts'
import { ALGORITHMS, answerForm, BANK_ID, ZONE } from './messages.ts'

/** Why a message is not believed. */
type Doubt = { readonly rule: string; readonly detail: string }
type Fields = ReadonlyMap<string, Uint8Array>
type Texts = ReadonlyMap<string, string>
type OurAgreement = Agreement<SebLvSettings>

/**
 * What the bank says, brought by the payer's browser or by its server, by GET or POST. Never throws.
 * The bank repeats 0003 until it sees HTTP 200, and sends 0004 only after that.
 */
export const read = async (message: WireMessage, agreement: OurAgreement): Promise<Heard> => {
  const received = fieldsOf(message)
  const fields: Fields = new Map(received.map(({ name, value }) => [name, value]))
  const carrier = textOf(fields, 'IB_FROM_SERVER') === 'Y' ? 'psp' : 'payer'
  const believed =
    fields.size < received.length
      ? fail({ rule: 'field_repeated', detail: 'a field is there twice: which one was signed cannot be told' })
      : await verified(fields, message, agreement)
  const reading = believed.ok ? readingOf(believed.value) : untrusted(believed.error)
  return { readings: [reading], carrier, ...(carrier === 'psp' ? { answer: answerTo(believed.ok) } : {}) }
}

const answerTo = (believed: boolean) => ({ status: believed ? 200 : 400, body: '' })

/** A message that proves nothing is about nothing either: only its address says where it belongs. */
const untrusted = ({ rule, detail }: Doubt): Reading => ({ about: { address: true }, says: 'untrusted', rule, detail })

const fieldsOf = ({ method, url, body }: WireMessage) =>
  parseForm(method.toUpperCase() === 'POST' && body.length > 0 ? body : queryOf(url)).filter(({ name }) =>
    name.startsWith('IB_'),
  )

const textOf = (fields: Fields, name: string): string => asciiOf(fields.get(name) ?? new Uint8Array())

/** The checks, in order; the first that fails names the rule. */
const verified = async (
  fields: Fields,
  message: WireMessage,
  agreement: OurAgreement,
): Promise<Result<Texts, Doubt>> => {
  const placed = place(fields, agreement.settings)
  if (!placed.ok) return placed
  const crc = base64FromForm(textOf(fields, 'IB_CRC'))
  if (crc === undefined) return fail({ rule: 'encoding', detail: 'IB_CRC is not base64' })
  const texts = textsOf(placed.value.signed, fields)
  if (!texts.ok) return texts
  const signed = lengthPrefixed([...texts.value.values()], 'chars', 'UTF-8')
  const bytes = signed.ok ? encode(signed.value, 'UTF-8') : signed
  if (!bytes.ok) return fail({ rule: 'field_too_long', detail: `a field is longer than ${MAX_LENGTH}: ${bytes.error}` })
  const at = message.receivedAt ?? agreement.now
  if (await agreement.verify('bank', placed.value.algorithm, bytes.value, crc, at)) return texts
  const day = toRfc3339(at).slice(0, 10)
  return fail({ rule: 'signature', detail: `IB_CRC does not verify with any key valid on ${day}` })
}

/** Whether the message is one of ours: a service and version that we know, from this bank, to this merchant. */
const place = (fields: Fields, { senderId, answerVersions }: SebLvSettings) => {
  const service = textOf(fields, 'IB_SERVICE')
  if (service === '') return missing('IB_SERVICE')
  const form = answerForm(service)
  if (!form) return fail({ rule: 'service', detail: `IB_SERVICE ${shown(service)} is no answer to a payment` })
  const absent = [...form.needed, 'IB_CRC'].find((name) => textOf(fields, name) === '')
  if (absent !== undefined) return missing(absent)
  const stated = textOf(fields, 'IB_VERSION')
  const version = answerVersions.find((one) => one === stated)
  if (!version) {
    const read = answerVersions.join(' and ')
    return fail({ rule: 'version', detail: `IB_VERSION is ${shown(stated)}, the agreement reads ${read}` })
  }
  const sender = textOf(fields, 'IB_SND_ID')
  if (sender !== BANK_ID) {
    return fail({ rule: 'sender', detail: `IB_SND_ID is ${shown(sender)}, the bank is ${BANK_ID}` })
  }
  const receiver = textOf(fields, 'IB_REC_ID')
  if (receiver !== senderId) {
    return fail({ rule: 'receiver', detail: `IB_REC_ID is ${shown(receiver)}, we are ${senderId}` })
  }
  return ok({ signed: form.signed, algorithm: ALGORITHMS[version] })
}

const missing = (name: string) => fail({ rule: 'field_missing', detail: `${name} is missing or empty` })

/** A stranger's text in a sentence for support: short, and without anything that does not print. */
const shown = (text: string): string => `"${text.slice(0, 20).replaceAll(/[^\x20-\x7e]/g, '?')}"`

/** The signed values, in their order. */
const textsOf = (signed: readonly string[], fields: Fields): Result<Texts, Doubt> => {
  const texts = new Map<string, string>()
  for (const name of signed) {
    const text = decode(fields.get(name) ?? new Uint8Array(), 'UTF-8')
    if (text === undefined) return fail({ rule: 'charset', detail: `${name} is not written in UTF-8` })
    texts.set(name, text)
  }
  return ok(texts)
}

const readingOf = (texts: Texts): Reading => {
  const about = { number: texts.get('IB_PAYMENT_ID') ?? '' }
  if (texts.get('IB_SERVICE') === '0004') return { about, ...lastWord(texts.get('IB_STATUS') ?? '') }
  const payer = payerOf(texts)
  return { about, says: 'accepted', states: statesOf(texts), ...(payer ? { payer } : {}) }
}

/** 0004 tells no amount: that is confirmed by 0003, and the heart puts the two together. */
const lastWord = (status: string) => {
  if (status === 'ACCOMPLISHED') return { says: 'paid' } as const
  // The status does not tell whether the payer or the bank cancelled: we must not say it was the payer.
  if (status === 'CANCELLED') return { says: 'refused', reason: 'declined', word: status } as const
  return { says: 'waiting', word: status } as const
}

/** What cannot be read is not stated: the heart then takes the payment as not yet confirmed, and a person sees it. */
const statesOf = (texts: Texts): States => {
  const currency = texts.get('IB_CURR') ?? ''
  const amount = isCurrency(currency) ? fromDecimal(texts.get('IB_AMOUNT') ?? '', currency) : undefined
  const payee = texts.get('IB_REC_ACC')
  const at = paidAt(texts.get('IB_PAYMENT_DATE') ?? '', texts.get('IB_PAYMENT_TIME') ?? '')
  return {
    ...(amount?.ok ? { amount: amount.value } : {}),
    ...(payee ? { payee } : {}),
    ...(at === undefined ? {} : { at }),
  }
}

/** `DD.MM.YYYY` and `HH:MM:SS` by the bank's clock; the offset is that of noon, right but in the night of a change. */
const paidAt = (date: string, time: string): Instant | undefined => {
  const [, day = '', month = '', year = ''] = /^(\d{2})\.(\d{2})\.(\d{4})$/.exec(date) ?? []
  const start = startOfDay(Number(year), Number(month), Number(day), ZONE)
  if (year === '' || start === undefined || !/^\d{2}:\d{2}:\d{2}$/.test(time)) return undefined
  const noon = parseInstant(`${year}-${month}-${day}T12:00:00Z`)
  return noon === undefined ? undefined : parseInstant(`${year}-${month}-${day}T${time}${localTime(noon, ZONE).offset}`)
}

const payerOf = (texts: Texts): PayerAtPsp | undefined => {
  const name = texts.get('IB_PAYER_NAME')
  const account = texts.get('IB_PAYER_ACC')
  return name || account ? { ...(name ? { name } : {}), ...(account ? { account } : {}) } : undefined
}
