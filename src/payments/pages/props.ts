import type { RefusalReason } from '../../channels/channel.ts'
import type { Language, Localized } from '../../kernel/language.ts'
import type { Money } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Mode, Support } from '../../merchants/directory.ts'
import type { ClosingKind, Flag } from '../facts.ts'

/**
 * What the payer's pages need to be drawn; `renderPage` makes HTML of any of them. Addresses used by the pages, all below `Frame.pay`:
 *
 * - GET `{pay}` the true state, on the way (a) leading on to the bank; with `back=yes` how it stands, never on to a bank;
 *   with `choose=yes` the choices, though an attempt is under way or was refused; with `refresh=off` a page that stays still
 * - POST `{pay}/choose` with `offer` and, when plainly confirmed, `not-paid=yes`
 * - POST `{pay}/return` · GET `{pay}/receipt` · GET `{pay}/receipt.json` (signed) and `{pay}/receipt.pdf`, to keep
 *
 * GETs take `lang`; forms carry it in their action's query.
 */
export type PayerPage =
  | ChoosePage
  | ConfirmPage
  | GoingPage
  | PaidPage
  | ProcessingPage
  | NotPaidPage
  | ClosedPage
  | ClosingPage
  | AttentionPage
  | ReceiptPage
  | ProblemPage

/** Addresses of the hub's own files, as `loadAssets` of `platform/html` gives them. */
export type AssetAddresses = { readonly stylesheet: string; readonly script: string; readonly icon: string }

/** Whose page it is. */
export type Brand = {
  readonly merchant: Localized
  readonly registrationNumber?: string
  readonly eService: Localized
  /** Address of the e-service's theme, `/look/<e-service>-<hash>.css`. */
  readonly stylesheet: string
  /** Address of its logo. */
  readonly logo?: string
  readonly support: Support
  readonly privacyUrl?: string
  /** Texts the merchant words itself, by the key of `platform/texts`. */
  readonly texts: Readonly<Record<string, Localized>>
}

/** What a sheet on paper has of it too. */
export type BareFrame = Omit<Frame, 'assets'>

export type Frame = {
  readonly language: Language
  /** What the payer may switch to, the present one included. */
  readonly languages: readonly Language[]
  /** Path of the payment, `/pay/{token}` below the hub's own path. */
  readonly pay: string
  readonly assets: AssetAddresses
  readonly brand: Brand
  readonly mode: Mode
  /** What the payer tells support: short, no internal id. */
  readonly quote: string
}

/** Who is paid is the brand's merchant; for what, how much, until when is here. */
export type Bill = {
  readonly description: Localized
  readonly amount: Money
  /** The e-service's own reference, which the payer knows from the bill. */
  readonly reference: string
  readonly payUntil: Instant
}

type OnBill<Kind extends string> = { readonly page: Kind; readonly frame: Frame; readonly bill: Bill }

/** An `Offer` of the directory fits. */
export type OfferChoice = {
  readonly id: string
  readonly name: Localized
  /** Address of the tile. */
  readonly logo: string
  readonly health: 'good' | 'failing' | 'paused'
  readonly pauseText?: Localized
  readonly pausedUntil?: Instant
}

export type RefusalShown = RefusalReason | 'reversed' | 'ruled_not_paid'

export type ChoosePage = OnBill<'choose'> & {
  /** In the merchant's order; the page puts the last choice first. Empty: nothing can be chosen now, and the page says so. */
  readonly offers: readonly OfferChoice[]
  /** The offer this payer chose last time. */
  readonly last?: string
  readonly mistake?: 'nothing_chosen' | 'not_offered'
  /** The attempt before this one ended without money. */
  readonly refused?: { readonly name: Localized; readonly reason: RefusalShown }
  /** An attempt that may still be paid; its offer can be chosen again. */
  readonly begun?: {
    readonly offer: string
    readonly name: Localized
    /** It cannot be opened there any more, and is not among the offers. */
    readonly isShownOut?: boolean
  }
  /** No further attempt can begin. */
  readonly isTriedOut?: boolean
}

/** Another bank may already have this payment: the plain "I have not paid there" before going elsewhere. */
export type ConfirmPage = OnBill<'confirm'> & {
  readonly begun: { readonly offer: string; readonly name: Localized }
  readonly next: { readonly offer: string; readonly name: Localized }
}

export type GoingPage = OnBill<'going'> & {
  readonly offer: { readonly name: Localized; readonly logo: string }
  readonly step:
    | {
        readonly step: 'form'
        readonly url: string
        readonly charset: string
        readonly fields: readonly (readonly [name: string, value: string])[]
      }
    | { readonly step: 'redirect'; readonly url: string }
}

export type PaymentReceipt = {
  readonly paid: Money
  readonly paidAt?: Instant
  /** The bank or card channel that took it. */
  readonly through: Localized
  readonly bankReference?: string
  readonly payee: { readonly name: string; readonly iban: string }
  readonly refunded?: Money
  readonly reversed?: Money
}

export type PaidPage = OnBill<'paid'> & { readonly receipt: PaymentReceipt }

export type ProcessingPage = OnBill<'processing'> & {
  /** `taken`: the bank said it has the payment (accepted). `asking`: we do not know yet and are finding out. */
  readonly known: 'taken' | 'asking'
  readonly through: Localized
  /** False after `?refresh=off`. */
  readonly refreshes: boolean
  /** Whether the payer may go elsewhere (not beside an accepted attempt, nor when the order allows one). */
  readonly mayChoose: boolean
}

export type NotPaidPage = OnBill<'not-paid'> & {
  readonly through: Localized
  readonly reason: RefusalShown
  readonly mayTryAgain: boolean
}

/** Over without money: cancelled, expired, or closed after a refusal. */
export type ClosedPage = OnBill<'closed'> & { readonly as: ClosingKind }

/** Asked to end, while an attempt may still be paid. */
export type ClosingPage = OnBill<'closing'> & {
  readonly as: ClosingKind
  readonly through: Localized
  readonly refreshes: boolean
}

/** A person is looking at it. `receipt` when the payment is executed. */
export type AttentionPage = OnBill<'attention'> & { readonly flag: Flag; readonly receipt?: PaymentReceipt }

export type ReceiptPage = OnBill<'receipt'> & { readonly receipt: PaymentReceipt; readonly issuedAt: Instant }

/** 404 · 410 · 400 and 403 · 422 of a signed order · 429 · 500 · 503. */
export type ProblemKind = 'not_found' | 'gone' | 'bad_request' | 'bad_order' | 'too_many' | 'fault' | 'unavailable'

/** Drawn without the database: everything but language, assets and number is optional. */
export type ProblemPage = {
  readonly page: 'problem'
  readonly frame: Omit<Frame, 'brand' | 'pay'> & {
    readonly pay?: string
    readonly brand?: Brand
    /** The hub's own, where no e-service is known. */
    readonly support?: Support
  }
  readonly problem: ProblemKind
  /** `none_moved`: surely nothing was begun. `being_checked`: a payment may be under way, and the hub finds out by itself. */
  readonly money: 'none_moved' | 'being_checked'
  /** One technical sentence for the developer of the e-service, shown folded. */
  readonly detail?: string
}
