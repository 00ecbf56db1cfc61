import type { Language, Localized } from '../../kernel/language.ts'
import { type Money, minorDigits, toDecimal } from '../../kernel/money.ts'
import { forPeople, type Instant } from '../../kernel/time.ts'
import { en } from './en.ts'
import { lv } from './lv.ts'

/** Adding a language is one file and its line here; a file that lacks a text does not compile. */
const SPOKEN: Readonly<Record<Language, Texts>> = { lv, en }

export type TextKey = keyof typeof lv
export type Texts = Readonly<Record<TextKey, string>>

/** Languages the pages speak. */
export const spokenLanguages: readonly Language[] = Object.keys(SPOKEN)

export const isTextKey = (key: string): key is TextKey => Object.hasOwn(lv, key)

/** What a merchant's own wording of a text may use. */
export const slotsFor = (key: TextKey): readonly string[] => slotsOf(en[key])

/** Names in braces that a text uses. */
export const slotsOf = (text: string): readonly string[] =>
  [...text.matchAll(/\{([a-z]+)\}/g)].map((slot) => slot[1] ?? '')

type Slots<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Slots<Rest> : never
type Filled<Key extends TextKey> = [Slots<(typeof en)[Key]>] extends [never]
  ? readonly []
  : readonly [values: Readonly<Record<Slots<(typeof en)[Key]>, string>>]

/** One language with the merchant's own words: texts, money, dates. Times are those of Riga. */
export type Speaker = {
  readonly language: Language
  say<Key extends TextKey>(key: Key, ...filled: Filled<Key>): string
  /** `€125.40`, `125,40 €`. */
  money(money: Money): string
  date(instant: Instant): string
  dateTime(instant: Instant): string
}

const ZONE = 'Europe/Riga'
const FALLBACK: Language = 'en'

/** What `language` is called by those who speak it. */
export const languageName = (language: Language): string => textsOf(language)['language.name']

const textsOf = (language: Language): Texts => SPOKEN[language] ?? en

/**
 * Speaks `language`, or English where there is no such file. `own` holds texts that a merchant words itself; one that lacks this
 * language is passed over, so that a page never mixes two.
 */
export const speak = (language: Language, own: Readonly<Record<string, Localized>> = {}): Speaker => {
  const spoken = Object.hasOwn(SPOKEN, language) ? language : FALLBACK
  const texts = textsOf(spoken)
  const locale = texts['language.locale']
  return {
    language: spoken,
    say: (key, ...filled) => fill(own[key]?.[spoken] ?? texts[key], filled[0]),
    money: (money) => inMoney(locale, money),
    date: (instant) => forPeople(instant, locale, ZONE, 'date'),
    dateTime: (instant) => forPeople(instant, locale, ZONE, 'date-time'),
  }
}

const fill = (text: string, values: Readonly<Record<string, string>> = {}): string =>
  text.replace(/\{([a-z]+)\}/g, (slot, name: string) => values[name] ?? slot)

const isNumeral = (text: string): text is `${number}` => /^-?\d+(\.\d+)?$/.test(text)

/** Formats the decimal text itself: no float on the way. */
const inMoney = (locale: string, money: Money): string => {
  const decimal = toDecimal(money)
  return isNumeral(decimal) ? moneyFormat(locale, money.currency).format(decimal) : `${decimal} ${money.currency}`
}

/** Making one costs 30 µs and more; there are only as many as languages times currencies. */
const formats = new Map<string, Intl.NumberFormat>()
const moneyFormat = (locale: string, currency: string): Intl.NumberFormat => {
  const known = formats.get(locale + currency)
  if (known) return known
  const digits = minorDigits(currency)
  const made = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  formats.set(locale + currency, made)
  return made
}
