import { toDecimal } from '../../kernel/money.ts'
import { type Instant, localTime } from '../../kernel/time.ts'
import { toBase64 } from '../../wire/base64.ts'
import { encode, hasLetter } from '../../wire/charset.ts'
import { lengthOf, lengthPrefixed } from '../../wire/length-prefix.ts'
import { cutTo, oneLine, transliterate } from '../../wire/text.ts'
import type { Agreement, Order, Step } from '../channel.ts'
import type { IpizzaSettings, Profile } from './profile.ts'
import { REQUESTS, type RequestField, UNSIGNED, VERSIONS } from './services.ts'

/**
 * The signed form that the payer's browser carries to the bank.
 * Throws when the hub's own address or the agreement cannot be written as this bank takes it: an order that the bank would drop.
 */
export const begin = async (profile: Profile, order: Order, agreement: Agreement<IpizzaSettings>): Promise<Step> => {
  const { settings } = agreement
  const values = valuesOf(profile, order, settings, agreement.now)
  checkLimits(profile, values, settings)
  const names: readonly RequestField[] = REQUESTS[settings.service]
  const signed = written(
    lengthPrefixed(
      names.map((name) => values[name]),
      settings.lengthUnit,
      settings.charset,
    ),
  )
  const mac = await agreement.sign('merchant', VERSIONS[settings.version], written(encode(signed, settings.charset)))
  const fields = [...names, ...UNSIGNED[settings.service]].map((name) => [name, values[name]] as const)
  return {
    step: 'form',
    method: 'POST',
    url: settings.url,
    charset: settings.charset,
    fields: [
      ...fields,
      ['VK_MAC', toBase64(mac)],
      ['VK_ENCODING', settings.charset],
      ['VK_LANG', profile.languages[order.language] ?? profile.otherLanguage],
    ],
    signed,
    keep: {},
  }
}

const valuesOf = (
  profile: Profile,
  order: Order,
  settings: IpizzaSettings,
  now: Instant,
): Readonly<Record<RequestField, string>> => {
  const back = returnAddress(profile, order.addresses.back)
  return {
    VK_SERVICE: settings.service,
    VK_VERSION: settings.version,
    VK_SND_ID: settings.senderId,
    VK_STAMP: order.attempt.number,
    VK_AMOUNT: toDecimal(order.amount),
    VK_CURR: order.amount.currency,
    VK_ACC: order.payee.iban,
    VK_NAME: fitted(order.payee.name, profile.limits.VK_NAME, settings),
    ...textsOf(profile, order, settings),
    VK_RETURN: back,
    VK_CANCEL: back,
    VK_DATETIME: bankTime(now, profile.zone),
  }
}

/** VK_REF takes a structured reference; everything else is told in VK_MSG, our reference first, so that it is never cut. */
const textsOf = (
  profile: Profile,
  { reference, paymentReference = '', description }: Order,
  settings: IpizzaSettings,
): { readonly VK_REF: string; readonly VK_MSG: string } => {
  const hasOwnField = paymentReference !== '' && [...paymentReference].length <= (profile.limits.VK_REF ?? 0)
  if (hasOwnField && profile.texts === 'one') return { VK_REF: paymentReference, VK_MSG: '' }
  const references = hasOwnField ? [reference] : [reference, paymentReference]
  return {
    VK_REF: hasOwnField ? paymentReference : '',
    VK_MSG: fitted([...references, description].join(' '), profile.limits.VK_MSG, settings),
  }
}

const fitted = (text: string, limit = Number.POSITIVE_INFINITY, { charset, lengthUnit }: IpizzaSettings): string =>
  cutTo(
    transliterate(oneLine(text), (letter) => hasLetter(letter, charset)),
    limit,
    (start) => written(lengthOf(start, lengthUnit, charset)),
  )

const returnAddress = (profile: Profile, address: string): string => {
  if (!profile.queryInReturn && /[?#]/.test(address)) {
    throw new Error(`${profile.id} takes no query string in a return address, and ${address} has one`)
  }
  return address
}

const checkLimits = (
  profile: Profile,
  values: Readonly<Record<RequestField, string>>,
  { service, charset, lengthUnit }: IpizzaSettings,
): void => {
  for (const name of [...REQUESTS[service], ...UNSIGNED[service]]) {
    const limit = profile.limits[name]
    const length = written(lengthOf(values[name], lengthUnit, charset))
    if (limit !== undefined && length > limit) {
      throw new Error(`${name} is ${length} ${lengthUnit} long, ${profile.id} takes ${limit}: ${values[name]}`)
    }
  }
}

/** As `2026-11-23T09:15:00+0200`: the offset has no colon. */
const bankTime = (now: Instant, zone: string): string => {
  const { year, month, day, hour, minute, second, offset } = localTime(now, zone)
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`
}

/** Everything written here was made to fit its charset before; a text that does not is a fault of ours. */
const written = <Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: string },
): Value => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}
