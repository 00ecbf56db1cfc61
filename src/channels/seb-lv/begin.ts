import { toDecimal } from '../../kernel/money.ts'
import { toBase64 } from '../../wire/base64.ts'
import { encode, hasLetter } from '../../wire/charset.ts'
import { lengthPrefixed } from '../../wire/length-prefix.ts'
import { cutTo, oneLine, transliterate } from '../../wire/text.ts'
import type { Agreement, Order, Step } from '../channel.ts'
import type { SebLvSettings } from './channel.ts'
import { ALGORITHMS, LIMITS, ORDER_FIELDS, type OrderField } from './messages.ts'

const LANGUAGES: Readonly<Record<string, string>> = { lv: 'LAT', en: 'ENG', ru: 'RUS' }
const OTHER_LANGUAGE = 'ENG'

/**
 * The order (0002) that the payer's browser carries to the bank.
 * Throws when the hub's own address or a number is longer than the bank takes: an order that it would drop.
 */
export const begin = async (order: Order, { settings, sign }: Agreement<SebLvSettings>): Promise<Step> => {
  const values = valuesOf(order, settings)
  const feedback = order.addresses.back
  for (const [name, value] of [...Object.entries(values), ['IB_FEEDBACK', feedback] as const]) checkLimit(name, value)
  const texts = ORDER_FIELDS.map((name) => values[name])
  const signed = written(lengthPrefixed(texts, 'chars', 'UTF-8'))
  const crc = await sign('merchant', ALGORITHMS[settings.version], written(encode(signed, 'UTF-8')))
  return {
    step: 'form',
    method: 'POST',
    url: settings.url,
    charset: 'UTF-8',
    fields: [
      ...ORDER_FIELDS.map((name) => [name, values[name]] as const),
      ['IB_CRC', toBase64(crc)],
      ['IB_FEEDBACK', feedback],
      ['IB_LANG', LANGUAGES[order.language] ?? OTHER_LANGUAGE],
    ],
    signed,
    keep: {},
  }
}

/** The description has our references first, so that they are never cut. */
const valuesOf = (order: Order, { senderId, version }: SebLvSettings): Readonly<Record<OrderField, string>> => ({
  IB_SND_ID: senderId,
  IB_SERVICE: '0002',
  IB_VERSION: version,
  IB_AMOUNT: toDecimal(order.amount),
  IB_CURR: order.amount.currency,
  IB_NAME: fitted(order.payee.name, LIMITS.IB_NAME),
  IB_PAYMENT_ID: order.attempt.number,
  IB_PAYMENT_DESC: fitted(
    [order.reference, order.paymentReference ?? '', order.description].join(' '),
    LIMITS.IB_PAYMENT_DESC,
  ),
})

const fitted = (text: string, limit: number): string =>
  cutTo(
    transliterate(oneLine(text), (letter) => hasLetter(letter, 'UTF-8')),
    limit,
    (start) => [...start].length,
  )

const checkLimit = (name: string, value: string): void => {
  const limit = Object.entries(LIMITS).find(([limited]) => limited === name)?.[1]
  const length = [...value].length
  if (limit !== undefined && length > limit) {
    throw new Error(`${name} is ${length} characters long, seb-lv takes ${limit}: ${value}`)
  }
}

/** Everything written here was made to fit before; a text that does not is a fault of ours. */
const written = <Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: string },
): Value => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}
