import type { Agreement, Channel } from '../channels/channel.ts'
import type { Language, Localized } from '../kernel/language.ts'
import type { Currency } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'

/**
 * What the hub knows of its merchants while it works: an immutable picture of the personalisation database, replaced as a whole
 * when a newer revision is seen.
 */
export type Directory = {
  /** Revision of the database this picture was taken from. */
  readonly revision: number
  readonly merchants: ReadonlyMap<string, Merchant>
  readonly eServices: ReadonlyMap<string, EService>
  readonly agreements: ReadonlyMap<string, AgreementRecord>
}

export type Mode = 'test' | 'live'

export type Merchant = {
  readonly id: string
  readonly name: Localized
  readonly registrationNumber: string
  readonly accounts: readonly { readonly id: string; readonly iban: string }[]
  readonly support: Support
}

export type Support = { readonly email?: string; readonly phone?: string; readonly url?: string }

export type EService = {
  readonly id: string
  readonly merchant: string
  readonly mode: Mode
  readonly name: Localized
  readonly returnOrigins: readonly string[]
  /** Agreement ids, in the order the payer sees. */
  readonly offers: readonly string[]
  readonly languages: readonly Language[]
  readonly attempts: 'one' | 'many'
  readonly expiresAfterMs: number
  readonly limits: { readonly minMinor?: number; readonly maxMinor?: number }
  readonly support: Support
  readonly privacyUrl?: string
  /** Texts the merchant words itself, by the key of `platform/texts`. */
  readonly texts: Readonly<Record<string, Localized>>
  readonly look: Look
  /** `email`: sent to the payer's address, where the order has one. */
  readonly receipts?: { readonly email: boolean }
  /** Public keys that its signed orders verify with; none: it orders by the API only. */
  readonly orderKeys?: readonly OrderKey[]
  readonly retired: boolean
}

/** Good in [from, to]; `publicKey` is PEM. */
export type OrderKey = { readonly publicKey: string; readonly from?: Instant; readonly to?: Instant }

export type Look = {
  readonly brandColour: string
  /** Text on the brand colour: whichever of black and white has the better contrast, computed. */
  readonly onBrandColour: string
  /** SVG or PNG bytes with its type, and a hash for its address. */
  readonly logo?: { readonly type: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array; readonly hash: string }
}

export type AgreementRecord = {
  readonly id: string
  readonly merchant: string
  readonly channel: string
  /** Id of one of the merchant's accounts. */
  readonly account: string
  readonly validFrom: Instant
  readonly validTo?: Instant
  readonly settings: unknown
  readonly limits: { readonly minMinor?: number; readonly maxMinor?: number; readonly currencies?: readonly Currency[] }
  /** A logo the merchant has the right to use, instead of the channel's neutral tile. */
  readonly logo?: { readonly type: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array; readonly hash: string }
  readonly pause?: { readonly from: Instant; readonly to: Instant; readonly text: Localized }
  readonly retired: boolean
}

/** One thing a payer can choose. */
export type Offer = {
  /** Opaque: what `channel` and `channels` of an order name. */
  readonly id: string
  readonly agreement: string
  readonly channel: string
  /** The bank behind the channel, where it has several. */
  readonly bank?: string
  readonly name: Localized
  /** Address of the tile below the hub's root. */
  readonly logo: string
  readonly minMinor?: number
  readonly maxMinor?: number
  readonly currencies: readonly Currency[]
  readonly health: 'good' | 'failing' | 'paused'
  readonly pauseText?: Localized
}

/** What a caller with a good API key is. */
export type Caller = {
  readonly eService: EService
  readonly keyId: string
  readonly scopes: readonly string[]
  readonly mode: Mode
}

/** The door of `merchants`, as other modules see it. */
export type Merchants = {
  /** The present picture, at most a second old. */
  directory(): Promise<Directory>
  /** The caller behind `Authorization: Bearer sk_…`, or undefined: unknown, revoked, retired. Notes its last use. */
  caller(key: string): Promise<Caller | undefined>
  /** The channel and a ready agreement (settings, keys by name, nonce) to begin, read and enquire with. */
  open(agreementId: string, now: Instant): Promise<OpenAgreement | undefined>
}

export type OpenAgreement = {
  readonly record: AgreementRecord
  readonly merchant: Merchant
  readonly payee: { readonly iban: string; readonly name: string }
  readonly channel: Channel
  readonly agreement: Agreement<unknown>
  /** For the outbound client: values of named secrets and client certificates. */
  credentials(
    key: string,
  ): Promise<{ readonly secret?: string; readonly certificate?: string; readonly privateKey?: string }>
}

/**
 * The agreement that an offer means for a payment: that of its payee's account, channel, date and amount.
 */
export type OfferQuery = {
  readonly eService: EService
  readonly account?: string
  readonly amountMinor?: number
  readonly currency?: Currency
  readonly now: Instant
  /** Offer ids allowed by the order, if it limits them. */
  readonly only?: readonly string[]
}
