import { isIban } from '../kernel/reference.ts'

/** Masks personal data and secrets before anything is logged (R10). Pure. */

const MASK = '[masked]'

/**
 * Fields whose value is never logged, whatever it is, by name without case and separators: our own words, headers, and the bank
 * links' (IPizza VK_SND_NAME, VK_SND_ACC, VK_SND_ID is a public name and stays; SEB IB_PAYER_NAME, IB_PAYER_ACC).
 */
const PRIVATE = new Set(
  `payer payername payeraccount payeriban name firstname lastname surname fullname email phone personalcode registrationnumber birthdate
   address account iban debtor debtoraccount debtorname authorization proxyauthorization cookie setcookie xapikey apikey password
   passphrase secret token paytoken privatekey masterkey signature vkmac vksndname vksndacc vkusername vkuserid ibpayername ibpayeracc
   ibpayeraccount cardnumber pan cvv cardholder clientipaddr`.split(/\s+/),
)
const isPrivate = (key: string): boolean => PRIVATE.has(key.toLowerCase().replace(/[^a-z]/g, ''))

/** What gives itself away by its looks, wherever it stands in a text. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(-----END \1PRIVATE KEY-----|$)/g, '[private key]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [masked]'],
  [/\b(sk_(?:test|live)_|whsec_|whsk_)[\w+/=-]+/g, '$1[masked]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/([a-z]+:\/\/[^\s:/@]+):[^\s@/]+@/gi, '$1:[masked]@'],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, '[e-mail]'],
  // Personal codes: Latvian 6-5 digits with its hyphen; Latvian (32…), Estonian and Lithuanian (1–6…) without.
  [/\b\d{6}-\d{5}\b/g, '[personal code]'],
  [/\b(?:32\d{9}|[1-6]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4})\b/g, '[personal code]'],
  [/((?:VK_SND_(?:NAME|ACC)|IB_PAYER_(?:NAME|ACC)|email|name|payer)=)[^&\s"]*/gi, '$1[masked]'],
]

const inText = (text: string): string =>
  LOOKS.reduce((rest, [looks, shown]) => rest.replace(looks, shown), withoutAccounts(text))

/** ISO 13616: the shortest account (Norway's) and the longest that the standard allows. */
const IBAN_LENGTH = { least: 15, most: 34 } as const

/**
 * Accounts by their check digits, not by their looks alone: a request's number that a person quotes must stay as it is.
 * Each place where one may begin is tried, so a code word before an account does not hide it.
 */
const withoutAccounts = (text: string): string => {
  let shown = ''
  let from = 0
  for (const { index } of text.matchAll(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}/g)) {
    if (index < from) continue
    const end = accountEnd(text, index)
    if (end === undefined) continue
    shown += `${text.slice(from, index)}[iban]`
    from = end
  }
  return shown + text.slice(from)
}

/** Where the longest account that begins here ends; it may be written in groups of four. */
const accountEnd = (text: string, start: number): number | undefined => {
  let letters = ''
  let end: number | undefined
  for (let place = start; place < text.length && letters.length < IBAN_LENGTH.most; place++) {
    const letter = text.charAt(place)
    if (letter === ' ' && letters.length % 4 === 0 && text.charAt(place - 1) !== ' ') continue
    if (!/[A-Z0-9]/.test(letter)) break
    letters += letter
    if (letters.length >= IBAN_LENGTH.least && isIban(letters)) end = place + 1
  }
  return end
}

/** How deep and how much is looked at; what lies beyond is not logged at all. */
const MAX_DEPTH = 8
const MAX_TEXT = 8_192
const MAX_ENTRIES = 200

/** The same value with what is private replaced; errors become their name, sentence, code and stack. */
export const masked = <Value>(value: Value): Value => mask(value, 0) as Value

const mask = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string') return inText(value.slice(0, MAX_TEXT))
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return '[deeper]'
  if (value instanceof Error) return maskError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Map) return mask(Object.fromEntries(value), depth)
  if (Array.isArray(value) || value instanceof Set)
    return [...value].slice(0, MAX_ENTRIES).map((entry) => mask(entry, depth + 1))
  if ('toJSON' in value && typeof value.toJSON === 'function') return mask(value.toJSON(), depth + 1)
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ENTRIES)
      .map(([key, entry]) => [
        key,
        isPrivate(key) && entry !== undefined && entry !== null ? MASK : mask(entry, depth + 1),
      ]),
  )
}

/** Not `detail` of a database error: it quotes the row. */
const maskError = (error: Error, depth: number): unknown => ({
  type: error.name,
  message: inText(error.message.slice(0, MAX_TEXT)),
  ...('code' in error ? { code: mask(error.code, depth + 1) } : {}),
  stack: inText((error.stack ?? '').slice(0, MAX_TEXT)),
  ...(error.cause === undefined ? {} : { cause: mask(error.cause, depth + 1) }),
})
