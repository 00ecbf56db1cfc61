import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import type { AgreementRecord, Merchant } from './directory.ts'
import type { Logo } from './look.ts'
import { showMoment } from './moments.ts'
import { showOrderKey } from './order-keys.ts'
import type { OwnEService } from './wanted.ts'

/** How a person sees merchants, agreements and e-services in a difference: one line a field, named as in `cma.yaml`. */
export type Fields = Readonly<Record<string, string>>
export type FieldChange = { readonly field: string; readonly from?: string; readonly to?: string }

export const fieldsOfMerchant = ({ name, registrationNumber, support }: Merchant): Fields =>
  flat({ name, registrationNumber, support })

export const fieldsOfAgreement = (agreement: Omit<AgreementRecord, 'retired' | 'pause'>): Fields => {
  const { channel, account, validFrom, validTo, settings, limits, logo } = agreement
  return flat({
    channel,
    account,
    validFrom: showMoment(validFrom, 'first'),
    validTo: validTo === undefined ? undefined : showMoment(validTo, 'last'),
    settings,
    limits,
    logo: showLogo(logo),
  })
}

export const fieldsOfEService = (eService: OwnEService): Fields => {
  const { id: _id, merchant: _merchant, expiresAfterMs, look, orderKeys, ...rest } = eService
  return flat({
    ...rest,
    expiresAfter: showDuration(expiresAfterMs),
    look: { brandColour: look.brandColour, logo: showLogo(look.logo) },
    orderKeys: orderKeys?.map(showOrderKey),
  })
}

export const differences = (before: Fields, after: Fields): readonly FieldChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => before[field] !== after[field])
    .map((field) => {
      const [from, to] = [before[field], after[field]]
      return { field, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
    })

/** Texts keep their quotes, so that "1012" and 1012 are seen to differ. */
const flat = (value: unknown, path = ''): Fields => {
  if (value === undefined) return {}
  const members = membersOf(value)
  if (!members) return { [path]: JSON.stringify(value) }
  return Object.assign({}, ...members.map(([key, member]) => flat(member, path === '' ? key : `${path}.${key}`)))
}

/** Lists of plain values are one field; the members of everything else are fields of their own. */
const membersOf = (value: unknown): readonly [string, unknown][] | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const members = Object.entries(value)
  const isPlainList = Array.isArray(value) && value.every((entry) => typeof entry !== 'object')
  return members.length === 0 || isPlainList ? undefined : members
}

const showLogo = (logo: Logo | undefined): string | undefined => logo && `${logo.type} ${logo.hash}`

/** The reverse of `parseDuration`. */
export const showDuration = (ms: number): string => {
  const days = Math.floor(ms / DAY_MS)
  const [hours, minutes, seconds] = [
    Math.floor((ms % DAY_MS) / HOUR_MS),
    Math.floor((ms % HOUR_MS) / MINUTE_MS),
    Math.floor((ms % MINUTE_MS) / SECOND_MS),
  ]
  const time = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}${seconds ? `${seconds}S` : ''}`
  return `P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`
}
