import { fromDecimal, isCurrency } from '../../kernel/money.ts'
import { fail, ok, type Result } from '../../kernel/result.ts'
import { type Instant, parseInstant, startOfDay, toRfc3339 } from '../../kernel/time.ts'
import { base64FromForm } from '../../wire/base64.ts'
import { type Charset, charsetOf, decode, encode } from '../../wire/charset.ts'
import { asciiOf, parseForm, queryOf } from '../../wire/form.ts'
import { lengthPrefixed, MAX_LENGTH } from '../../wire/length-prefix.ts'
import type { Agreement, Heard, PayerAtPsp, Reading, States, WireMessage } from '../channel.ts'
import type { IpizzaSettings, Profile } from './profile.ts'
import { type AnswerField, type AnswerForm, answerForm, NEEDED, VERSIONS } from './services.ts'

/** Why a message is not believed. */
type Doubt = { readonly rule: string; readonly detail: string }
type Fields = ReadonlyMap<string, Uint8Array>
type Texts = Readonly<Partial<Record<AnswerField, string>>>
type OurAgreement = Agreement<IpizzaSettings>

/**
 * What the bank's answer says, brought by the payer's browser or by the bank's server, by GET or POST. Never throws.
 * VK_AUTO is not signed: it tells who brought the message and how to answer, never what it means.
 */
export const read = async (profile: Profile, message: WireMessage, agreement: OurAgreement): Promise<Heard> => {
  const received = fieldsOf(message)
  const fields: Fields = new Map(received.map(({ name, value }) => [name, value]))
  const carrier = textOf(fields, 'VK_AUTO') === 'Y' ? 'psp' : 'payer'
  const believed =
    fields.size < received.length
      ? fail({ rule: 'field_repeated', detail: 'a field is there twice: which one was signed cannot be told' })
      : await verified(withPayee(fields, profile), message, agreement)
  const reading = believed.ok ? readingOf(believed.value, profile) : untrusted(believed.error)
  return { readings: [reading], carrier, ...(carrier === 'psp' ? { answer: answerTo(believed.ok) } : {}) }
}

/** No document asks for a text; anything but 200 lets a bank that repeats its notices repeat this one. */
const answerTo = (believed: boolean) => ({ status: believed ? 200 : 400, body: '' })

/** A message that proves nothing is about nothing either: only its address says where it belongs. */
const untrusted = ({ rule, detail }: Doubt): Reading => ({ about: { address: true }, says: 'untrusted', rule, detail })

const fieldsOf = ({ method, url, body }: WireMessage) =>
  parseForm(method.toUpperCase() === 'POST' && body.length > 0 ? body : queryOf(url)).filter(({ name }) =>
    name.startsWith('VK_'),
  )

/** A bank that writes the paid account elsewhere signs it in the same place (§1.5). */
const withPayee = (fields: Fields, { payeeField }: Profile): Fields => {
  const account = payeeField && fields.get(payeeField)
  return account === undefined || fields.has('VK_REC_ACC') ? fields : new Map(fields).set('VK_REC_ACC', account)
}

const textOf = (fields: Fields, name: string): string => asciiOf(fields.get(name) ?? new Uint8Array())

type Believed = { readonly form: AnswerForm; readonly texts: Texts }

/** The checks, in order; the first that fails names the rule. What they compare is believed only since the signature is checked too. */
const verified = async (
  fields: Fields,
  message: WireMessage,
  agreement: OurAgreement,
): Promise<Result<Believed, Doubt>> => {
  const placed = place(fields, agreement.settings)
  if (!placed.ok) return placed
  const { form, algorithm } = placed.value
  const mac = base64FromForm(textOf(fields, 'VK_MAC'))
  if (mac === undefined) return fail({ rule: 'encoding', detail: 'VK_MAC is not base64' })
  const at = message.receivedAt ?? agreement.now
  const spellings = spellingsOf(form, fields, agreement.settings)
  for (const { texts, bytes } of spellings) {
    if (await agreement.verify('bank', algorithm, bytes, mac, at)) return ok({ form, texts })
  }
  if (spellings.length === 0) return fail(unreadable(form, fields))
  const day = toRfc3339(at).slice(0, 10)
  return fail({ rule: 'signature', detail: `VK_MAC does not verify with any key valid on ${day}` })
}

/** Whether the message is one of ours: a service and version that we know, from this bank, to this merchant. */
const place = (fields: Fields, settings: IpizzaSettings) => {
  const service = textOf(fields, 'VK_SERVICE')
  if (service === '') return missing('VK_SERVICE')
  const form = answerForm(service)
  if (!form) return fail({ rule: 'service', detail: `VK_SERVICE ${shown(service)} is no answer to a payment` })
  const absent = [...NEEDED[form.says], 'VK_MAC'].find((name) => textOf(fields, name) === '')
  if (absent !== undefined) return missing(absent)
  const version = textOf(fields, 'VK_VERSION')
  if (version !== settings.version) {
    return fail({ rule: 'version', detail: `VK_VERSION is ${shown(version)}, agreed is ${settings.version}` })
  }
  const sender = textOf(fields, 'VK_SND_ID')
  if (sender !== settings.bankId) {
    return fail({ rule: 'sender', detail: `VK_SND_ID is ${shown(sender)}, the bank is ${settings.bankId}` })
  }
  const receiver = textOf(fields, 'VK_REC_ID')
  if (receiver !== settings.senderId) {
    return fail({ rule: 'receiver', detail: `VK_REC_ID is ${shown(receiver)}, we are ${settings.senderId}` })
  }
  return ok({ form, algorithm: VERSIONS[settings.version] })
}

const unreadable = (form: AnswerForm, fields: Fields): Doubt => {
  const long = form.signed.find((name) => (fields.get(name)?.length ?? 0) > MAX_LENGTH)
  return long === undefined
    ? { rule: 'charset', detail: 'the message is not written in the charset it names, nor in any agreed one' }
    : { rule: 'field_too_long', detail: `${long} is longer than the ${MAX_LENGTH} that a signature can count` }
}

const missing = (name: string) => fail({ rule: 'field_missing', detail: `${name} is missing or empty` })

/** A stranger's text in a sentence for support: short, and without anything that does not print. */
const shown = (text: string): string => `"${text.slice(0, 20).replaceAll(/[^\x20-\x7e]/g, '?')}"`

/**
 * Each way in which the values can be read, with the bytes that its signature covers: in the charset the message names, then in the
 * agreed ones. Some banks escape a query in another charset than VK_ENCODING says and sign in either (§1.4), so both are tried.
 */
const spellingsOf = (form: AnswerForm, fields: Fields, settings: IpizzaSettings) => {
  const declared = charsetOf(textOf(fields, 'VK_ENCODING') || textOf(fields, 'VK_CHARSET')) ?? settings.charset
  const charsets = [...new Set([declared, settings.charset, ...settings.fallbackCharsets])]
  return charsets.flatMap((charset) => {
    const texts = textsIn(charset, form, fields)
    if (texts === undefined) return []
    return [...new Set([charset, declared])].flatMap((signedIn) => {
      const bytes = signedBytes(form, texts, settings, signedIn)
      return bytes === undefined ? [] : [{ texts, bytes }]
    })
  })
}

const textsIn = (charset: Charset, form: AnswerForm, fields: Fields): Texts | undefined => {
  const texts: Partial<Record<AnswerField, string>> = {}
  for (const name of form.signed) {
    const text = decode(fields.get(name) ?? new Uint8Array(), charset)
    if (text === undefined) return undefined
    texts[name] = text
  }
  return texts
}

const signedBytes = (
  form: AnswerForm,
  texts: Texts,
  { lengthUnit }: IpizzaSettings,
  charset: Charset,
): Uint8Array | undefined => {
  const signed = lengthPrefixed(
    form.signed.map((name) => texts[name] ?? ''),
    lengthUnit,
    charset,
  )
  const bytes = signed.ok ? encode(signed.value, charset) : signed
  return bytes.ok ? bytes.value : undefined
}

const readingOf = ({ form, texts }: Believed, profile: Profile): Reading => {
  const about = { number: texts.VK_STAMP ?? '' }
  // The message does not tell whether the payer cancelled, time ran out or the bank would not: we must not say it was the payer.
  if (form.says === 'refused') return { about, says: 'refused', reason: 'declined', word: wordOf(texts) }
  const payer = payerOf(texts)
  return { about, says: form.says, states: statesOf(texts, profile), ...(payer ? { payer } : {}) }
}

/** 1902 brings the bank's own code, which support may look up. */
const wordOf = ({ VK_SERVICE = '', VK_ERROR_CODE = '' }: Texts): string => `${VK_SERVICE} ${VK_ERROR_CODE}`.trim()

/** What cannot be read is not stated: the heart then takes the payment as not yet confirmed, and a person sees it. */
const statesOf = (texts: Texts, { zone }: Profile): States => {
  const { VK_AMOUNT = '', VK_CURR = '', VK_REC_ACC, VK_T_NO } = texts
  const amount = isCurrency(VK_CURR) ? fromDecimal(VK_AMOUNT, VK_CURR) : undefined
  const at = paidAt(texts, zone)
  return {
    ...(amount?.ok ? { amount: amount.value } : {}),
    ...(VK_REC_ACC ? { payee: VK_REC_ACC } : {}),
    ...(VK_T_NO ? { reference: VK_T_NO } : {}),
    ...(at === undefined ? {} : { at }),
  }
}

/** 1111 tells the moment, 1101 only the day (`DD.MM.YYYY` at the bank). */
const paidAt = ({ VK_T_DATETIME = '', VK_T_DATE = '' }: Texts, zone: string): Instant | undefined => {
  const [, day, month, year] = /^(\d{2})\.(\d{2})\.(\d{4})$/.exec(VK_T_DATE) ?? []
  if (day !== undefined) return startOfDay(Number(year), Number(month), Number(day), zone)
  return parseInstant(VK_T_DATETIME)
}

const payerOf = ({ VK_SND_NAME, VK_SND_ACC }: Texts): PayerAtPsp | undefined =>
  VK_SND_NAME || VK_SND_ACC
    ? { ...(VK_SND_NAME ? { name: VK_SND_NAME } : {}), ...(VK_SND_ACC ? { account: VK_SND_ACC } : {}) }
    : undefined
