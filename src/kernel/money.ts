import { fail, ok, type Result } from './result.ts'

/** An amount of money: an integer of minor units (cents) with its ISO 4217 currency. Never a float. */
export type Money = { readonly amountMinor: number; readonly currency: Currency }
export type Currency = string & { readonly __brand?: 'Currency' }

/** Largest amount taken: 12 digits of minor units, the narrowest amount field of a bank link (VK_AMOUNT 12 with its point). */
export const MAX_AMOUNT_MINOR = 99_999_999_999

/** ISO 4217 minor digits of the currencies whose count is not two. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BHD: 3,
  CLP: 0,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  OMR: 3,
  TND: 3,
}

export const minorDigits = (currency: Currency): number => MINOR_DIGITS[currency] ?? 2

export const isCurrency = (text: string): text is Currency => /^[A-Z]{3}$/.test(text)

/** `1234` EUR → `12.34`: decimal point, no separators. */
export const toDecimal = (money: Money): string => {
  const digits = minorDigits(money.currency)
  const sign = money.amountMinor < 0 ? '-' : ''
  const text = String(Math.abs(money.amountMinor)).padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/**
 * Reads a decimal as banks write it: `12.34`, `.17`, `0.170`, `12`. More digits than the currency has are taken only when zero.
 * Errors: a sentence that says what is wrong with the text.
 */
export const fromDecimal = (text: string, currency: Currency): Result<Money, string> => {
  const match = /^(\d{0,15})(?:\.(\d{0,9}))?$/.exec(text)
  const [whole = '', fraction = ''] = match ? [match[1], match[2]] : []
  if (!match || whole + fraction === '') return fail(`"${text.slice(0, 40)}" is not a decimal amount`)
  const digits = minorDigits(currency)
  if (/[1-9]/.test(fraction.slice(digits))) return fail(`"${text}" has more decimals than ${currency}`)
  const amountMinor = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return Number.isSafeInteger(amountMinor) ? ok({ amountMinor, currency }) : fail(`"${text}" is too large`)
}

export const sameMoney = (a: Money, b: Money): boolean => a.amountMinor === b.amountMinor && a.currency === b.currency
