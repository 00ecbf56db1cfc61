import { z } from 'zod'
import { isCurrency, MAX_AMOUNT_MINOR } from '../kernel/money.ts'
import { isIban, isRegistrationNumber } from '../kernel/reference.ts'
import { DAY_MS, MINUTE_MS, parseDuration } from '../kernel/time.ts'
import { momentOf } from './moments.ts'

/** The shape of `cma.yaml`: what each name may hold by itself. What must agree with something else is in `cma-checks.ts`. */

/** Ids stand in addresses that PSPs and people see. */
const id = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be small letters, digits and hyphens, at most 63')

const language = z.string().regex(/^[a-z]{2}$/, 'a language is two small letters such as lv (ISO 639-1)')

const MAX_TEXT = 500
const localized = z
  .record(language, z.string().trim().min(1).max(MAX_TEXT))
  .refine((texts) => Object.keys(texts).length > 0, 'needs a text in one language at least, such as { lv: … }')

const minor = z.int().min(1).max(MAX_AMOUNT_MINOR)

const currency = z.string().refine(isCurrency, 'must be three capital letters such as EUR (ISO 4217)')

const amountLimits = { minMinor: minor.optional(), maxMinor: minor.optional() }
const minBelowMax = [
  (limits: { readonly minMinor?: number | undefined; readonly maxMinor?: number | undefined }) =>
    (limits.minMinor ?? 0) <= (limits.maxMinor ?? MAX_AMOUNT_MINOR),
  'minMinor is above maxMinor: no amount fits',
] as const

/** `2026-01-01` (a day in Latvia) or an RFC 3339 moment; `last` means the end of that day. */
export const moment = (end: 'first' | 'last') =>
  z.string().transform((text, context) => {
    const instant = momentOf(text, end)
    if (instant !== undefined) return instant
    context.addIssue('must be a day such as 2026-01-31, or a moment such as 2026-01-31T08:00:00Z')
    return z.NEVER
  })

const MIN_EXPIRY_MS = MINUTE_MS
const MAX_EXPIRY_MS = 400 * DAY_MS
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= MIN_EXPIRY_MS && ms <= MAX_EXPIRY_MS) return ms
  context.addIssue('must be an ISO 8601 duration from PT1M to P400D, such as P30D or PT15M')
  return z.NEVER
})

const iban = z
  .string()
  .transform((text) => text.replaceAll(' ', '').toUpperCase())
  .refine(isIban, 'the check digits of this IBAN do not fit: a letter or digit is wrong, missing or too many')

const registrationNumber = z
  .string()
  .refine(isRegistrationNumber, 'is not a Latvian registration number: 11 digits, the last one checks the others')

const support = z.strictObject({
  email: z.email('must be an e-mail address').optional(),
  phone: z
    .string()
    .regex(/^\+?[0-9 ()-]{5,25}$/, 'must be a phone number such as "+371 60000000"')
    .optional(),
  url: z.string().optional(),
})

const logoFile = z.string().min(1)

const agreement = z.strictObject({
  id,
  channel: z.string(),
  account: z.string(),
  validFrom: moment('first'),
  validTo: moment('last').optional(),
  settings: z.record(z.string(), z.unknown()),
  /** By kind of key, which the channel says: read in `key-entries.ts`. */
  keys: z.record(z.string(), z.unknown()).default({}),
  limits: z
    .strictObject({ ...amountLimits, currencies: z.array(currency).min(1).optional() })
    .refine(...minBelowMax)
    .default({}),
  logo: logoFile.optional(),
})

/** The one in use, the one to come, and as many that still run out. */
const MAX_ORDER_KEYS = 8

const eService = z.strictObject({
  id,
  mode: z.enum(['test', 'live']),
  name: localized,
  returnOrigins: z.array(z.string()).min(1),
  notices: z
    .array(z.strictObject({ url: z.string() }))
    .max(5)
    .default([]),
  offers: z.array(z.string()),
  languages: z.array(language).min(1).default(['lv', 'en']),
  attempts: z.enum(['one', 'many']).default('many'),
  expiresAfter: duration.default(30 * DAY_MS),
  limits: z
    .strictObject(amountLimits)
    .refine(...minBelowMax)
    .default({}),
  support: support.optional(),
  privacyUrl: z.string().optional(),
  texts: z.record(z.string(), localized).default({}),
  /** By e-mail to the address in the order: only where the merchant wants it. */
  receipts: z.strictObject({ email: z.boolean() }).optional(),
  look: z.strictObject({ brandColour: z.string(), logo: logoFile.optional() }),
  /** Read in `order-keys.ts`. */
  orderKeys: z.array(z.unknown()).min(1).max(MAX_ORDER_KEYS).optional(),
})

const merchant = z.strictObject({
  id,
  name: localized,
  registrationNumber,
  accounts: z.array(z.strictObject({ id, iban })).min(1),
  support,
  agreements: z.array(agreement).default([]),
  eServices: z.array(eService).default([]),
})

export const cmaSchema = z.strictObject({
  version: z.literal(1),
  merchants: z.array(merchant),
})

export type CmaFile = z.infer<typeof cmaSchema>
export type FileMerchant = CmaFile['merchants'][number]
export type FileAgreement = FileMerchant['agreements'][number]
export type FileEService = FileMerchant['eServices'][number]
