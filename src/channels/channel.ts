import type { z } from 'zod'
import type { AttemptId, RefundId } from '../kernel/ids.ts'
import type { Language, Localized } from '../kernel/language.ts'
import type { Currency, Money } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'

/**
 * A channel translates between the hub's words and one PSP's wire protocol. It is pure: no database, clock, network or log;
 * what it needs comes as arguments, what it wants done is a value. Abilities are the members that exist.
 */
export type Channel<Settings = unknown> = {
  readonly id: string
  readonly name: Localized
  /** Parsed when the agreement is saved. Keys and secrets are not settings: see `keys`. */
  readonly settings: z.ZodType<Settings>
  /** The keys an agreement must bring, by name. */
  readonly keys: Readonly<Record<string, KeySpec>>
  /** How long things take at this PSP, by the agreement's own terms. Data only. */
  times(settings: Settings): Times
  begin(order: Order, agreement: Agreement<Settings>): Promise<Step>
  /** Whatever the PSP or the payer's browser brought. Never throws for a bad message: `untrusted` is a reading. */
  read(message: WireMessage, agreement: Agreement<Settings>): Promise<Heard>
  /** Asks what became of an attempt and its refunds. */
  enquire?(attempt: Attempt, agreement: Agreement<Settings>): Promise<Step>
  refund?(refund: Refund, agreement: Agreement<Settings>): Promise<Step>
  /**
   * The answer to an enquiry tells of every refund of the attempt that was ever asked for in our name, with its amount and about our number
   * (`{ refund: number }`), also of those that `Attempt.refunds` does not hold: it holds only what the hub knows, and a restored database
   * has forgotten some. Absent where the PSP answers only about refunds that the question names: then a refund that may be a forgotten
   * one again is a person's, and never sent.
   */
  readonly tellsEveryRefund?: true
  /** The banks behind this channel, when there are several. */
  offers?(agreement: Agreement<Settings>): readonly ChannelOffer[]
  readonly chores?: readonly Chore<Settings>[]
}

export type KeySpec = {
  /** `private`: ours, signs. `public`: theirs, verifies; several may be valid at once. `secret`: shared. `client`: certificate and key for mutual TLS. */
  readonly kind: 'private' | 'public' | 'secret' | 'client'
  /** What it signs or verifies with, where the protocol has no choice: a key of another type is refused when it is configured. */
  readonly type?: 'rsa' | 'ed25519'
  readonly optional?: boolean
  /** What it is, for the person who fills in the form. */
  readonly purpose: string
}

/** All in milliseconds. */
export type Times = {
  readonly askAfter: {
    /** After the attempt began, with nothing heard. */
    readonly begunMs: number
    /** After the payer came back without a final word. */
    readonly returnedMs: number
    /** After the first, second … enquiry that did not settle it; the last one repeats. */
    readonly askedMs: readonly number[]
  }
  /** From the (latest) beginning to the last moment at which the PSP can still take the money, by its own rules. */
  readonly lastMomentMs: number
  /** From the last moment until its last word about the attempt must have been heard. */
  readonly finalWithinMs: number
  /** A beginning without an answer: `dead` where the payer cannot pay without that answer, else `unknown`. */
  readonly unansweredBegin: 'dead' | 'unknown'
}

export type Payee = { readonly iban: string; readonly name: string }

export type Payer = {
  readonly name?: string
  readonly email?: string
  readonly personalCode?: string
  readonly registrationNumber?: string
}

/** One attempt to pay, as the PSP is to be told of it. */
export type Order = {
  readonly attempt: {
    readonly id: AttemptId
    /** At most 10 digits, never used again in the agreement: fits VK_STAMP, IB_PAYMENT_ID, ExtId. */
    readonly number: string
  }
  readonly amount: Money
  readonly payee: Payee
  /** The e-service's own reference of the payment, 1–35 of `A-Z a-z 0-9 / - . _`. */
  readonly reference: string
  /** A structured creditor reference (ISO 11649, 7-3-1), where the merchant uses one. */
  readonly paymentReference?: string
  readonly description: string
  readonly language: Language
  readonly payer?: Payer
  /** The bank chosen behind the channel (`ChannelOffer.id`), where it has several. */
  readonly offer?: string
  /** Where the payer's browser and the PSP's server are to come; the attempt's id is in the path. */
  readonly addresses: { readonly back: string; readonly notice: string }
}

/** An attempt that was begun, for enquiries. */
export type Attempt = {
  readonly id: AttemptId
  readonly number: string
  readonly amount: Money
  readonly begunAt: Instant
  readonly kept: Kept
  /** Those that the hub knows of; after a restore the PSP may know of more. */
  readonly refunds: readonly { readonly id: RefundId; readonly number: string; readonly amount: Money }[]
}

export type Refund = {
  readonly id: RefundId
  readonly number: string
  readonly amount: Money
  readonly attempt: Attempt
}

/** What a merchant and a PSP agreed on, with the means to sign and check, by name and never by value: keys can live elsewhere. */
export type Agreement<Settings> = {
  readonly id: string
  readonly settings: Settings
  /** What this channel's chores learned (provider lists, the bank's present key). */
  readonly learned: Readonly<Record<string, unknown>>
  readonly now: Instant
  /** 32 lower-case hexadecimal digits, fresh for each call. */
  readonly nonce: string
  sign(key: string, algorithm: SignatureAlgorithm, bytes: Uint8Array): Promise<Uint8Array>
  /** True when any key of that name which is valid `at` that time verifies the signature. */
  verify(
    key: string,
    algorithm: SignatureAlgorithm,
    bytes: Uint8Array,
    signature: Uint8Array,
    at: Instant,
  ): Promise<boolean>
  /** A hash, or an HMAC, over parts in order; a part may be the value of a named secret. */
  digest(algorithm: DigestAlgorithm, parts: readonly (Uint8Array | { readonly secret: string })[]): Promise<Uint8Array>
}

export type SignatureAlgorithm =
  | 'rsa-sha1'
  | 'rsa-sha256'
  | 'rsa-sha512'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | 'ed25519'
export type DigestAlgorithm =
  | 'md5'
  | 'sha256'
  | 'sha512'
  | { readonly hmac: 'sha256' | 'sha512'; readonly secret: string }

/** A message as it came over the wire; nothing of it has been decoded. */
export type WireMessage = {
  readonly method: string
  /** Whole address as requested, query included, still percent-encoded. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Absent only when support staff read a message whose time is not known: windows of time are then not checked. */
  readonly receivedAt?: Instant
  /** When the address names the attempt. */
  readonly attempt?: AttemptId
}

/** What is to be done next: the channel says, the hub does. */
export type Step =
  | { readonly step: 'redirect'; readonly url: string; readonly keep: Kept }
  | {
      readonly step: 'form'
      readonly method: 'POST'
      readonly url: string
      readonly charset: string
      readonly fields: readonly (readonly [name: string, value: string])[]
      /** The exact text that was signed, for support staff. */
      readonly signed?: string
      readonly keep: Kept
    }
  | {
      readonly step: 'call'
      readonly message: OutboundMessage
      /** Whether sending the same message again cannot act twice. */
      readonly repeatable: boolean
      /** Reads the answer, whatever its status. Only called when there is one. */
      next(reply: Reply): Promise<Step>
    }
  /** What a reply says. A beginning that ends here without a `refused` reading has an unknown outcome. */
  | { readonly step: 'heard'; readonly readings: readonly Reading[] }
  /** What a chore learned; merged into `Agreement.learned`. */
  | { readonly step: 'noted'; readonly learned: Readonly<Record<string, unknown>> }

export type Kept = {
  /** The PSP's own ids of this attempt; messages may name it by them. */
  readonly pspIds?: readonly string[]
  /** Must come back equal in a reading that states it. */
  readonly echo?: Readonly<Record<string, string>>
  /** Handed back with `Attempt.kept`, unread by the hub. */
  readonly memo?: unknown
}

export type OutboundMessage = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Added by the hub when it sends, from the named key: the channel never sees the secret. */
  readonly auth?:
    | { readonly scheme: 'basic'; readonly user: string; readonly secret: string }
    | { readonly scheme: 'bearer'; readonly secret: string }
    | { readonly scheme: 'mutual-tls'; readonly client: string }
}

export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly receivedAt: Instant
}

/** What a message says, in the hub's words. */
export type Heard = {
  readonly readings: readonly Reading[]
  /** Who brought it. */
  readonly carrier: 'payer' | 'psp'
  /** What this PSP wants to see, once the message is stored; absent: 200 with an empty body, and a redirect for a payer. */
  readonly answer?: Answer
}

export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** Which attempt (or refund) a reading is about. */
export type About =
  | { readonly number: string }
  | { readonly pspId: string }
  | { readonly refund: string }
  /** Only the address of the message tells. */
  | { readonly address: true }

/** `not_begun` is also the PSP's word that it has no such payment and can get none: the heart hears it only once our own call is over. */
export type RefusalReason = 'declined' | 'rejected' | 'cancelled_by_payer' | 'expired_at_psp' | 'not_begun'

/** What is compared with the order, by the heart and never by the channel. */
export type States = {
  /** `as ordered`: no message of this protocol states an amount; our own signed order binds it. */
  readonly amount?: Money | 'as ordered'
  /** The account that was paid. */
  readonly payee?: string
  readonly echo?: Readonly<Record<string, string>>
  /** The PSP's number of the payment; two different ones of a kind mean two payments. */
  readonly reference?: string
  /** Which numbering `reference` belongs to, where a PSP has several; only references of one kind are compared. */
  readonly referenceKind?: string
  /** When the PSP says it happened. */
  readonly at?: Instant
}

export type PayerAtPsp = { readonly name?: string; readonly account?: string; readonly bank?: string }

export type Reading = {
  readonly about: About
  readonly states?: States
  readonly payer?: PayerAtPsp
} & (
  | { readonly says: 'paid' | 'accepted' | 'refunded' | 'reversed' | 'nothing' }
  /** Not final; an unknown word of the PSP is kept here and raises an alarm. With a word it answers no enquiry: it is asked again, in the end by a person. */
  | { readonly says: 'waiting'; readonly word?: string }
  | { readonly says: 'refused'; readonly reason: RefusalReason; readonly word?: string }
  /** A hint that proves nothing: ask the PSP. */
  | { readonly says: 'ask' }
  /** Forged, altered, misdirected or stale: `rule` names the check that failed, `detail` tells a person. */
  | { readonly says: 'untrusted'; readonly rule: string; readonly detail: string }
)

export type ChannelOffer = {
  readonly id: string
  readonly name: Localized
  readonly currencies?: readonly Currency[]
  readonly logo?: string
}

export type Chore<Settings> = {
  readonly name: string
  readonly when: { readonly everyMs: number } | { readonly dailyAt: string; readonly zone: string }
  run(agreement: Agreement<Settings>): Promise<Step>
}

/** A channel with its folder's pictures and texts, as the list in `index.ts` holds it. */
export type ListedChannel = {
  readonly channel: Channel
  /** SVG of the neutral tile. */
  readonly logo: string
  readonly portrait: Portrait
}

/** What a person who chooses a channel wants to know beside its members and settings; `docs/channels` shows it. */
export type Portrait = {
  readonly psp: string
  /** ISO 3166-1 alpha-2; absent for a PSP of no country. */
  readonly country?: string
  readonly protocol: string
  /** Orders and answers by their names on the wire, where no setting chooses among them. */
  readonly services?: string
  /** How its server tells of a payment. */
  readonly notice: string
  /**
   * How sure signing and reading are for this PSP, as a whole. A: its document was read and reproduces a published signature. B: its document was read, or two
   * implementations agree. C: one implementation or page. D: general knowledge. Rule by rule: its README.
   */
  readonly certainty: 'A' | 'B' | 'C' | 'D'
}
