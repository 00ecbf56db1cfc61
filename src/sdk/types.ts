/** What the hub's API takes and tells, as `/v1/openapi.json` describes it. Money is in minor units, times are RFC 3339 in UTC. */

export type PaymentStatus = 'open' | 'started' | 'accepted' | 'executed' | 'refused' | 'cancelled' | 'expired'

export type NewPayment = {
  /** 1–35 of `A-Z a-z 0-9 / - . _`; at most one payment with it is executed or can still be. */
  readonly reference: string
  readonly amount: number
  readonly currency: string
  /** At most 140 characters, one text or one per language. */
  readonly description: string | Readonly<Record<string, string>>
  /** On an origin registered for the e-service. */
  readonly returnUrl: string
  readonly payee?: string
  readonly paymentReference?: string
  readonly payer?: Payer
  readonly language?: string
  /** The offer the payer chose on the e-service's own page. */
  readonly channel?: string
  readonly channels?: readonly string[]
  readonly expiresAt?: string
  readonly attempts?: 'one' | 'many'
  readonly metadata?: Readonly<Record<string, string>>
}

export type Payer = {
  readonly name?: string
  readonly email?: string
  readonly personalCode?: string
  readonly registrationNumber?: string
}

export type Attempt = {
  readonly id: string
  readonly offer: string
  readonly status: 'started' | 'accepted' | 'executed' | 'refused' | 'lapsed' | 'unknown'
  readonly reason: string | null
  readonly reasonText: string | null
  readonly begunAt: string
  readonly number: string
  readonly bankReference: string | null
  readonly paidAt: string | null
}

export type Refund = {
  readonly id: string
  readonly attempt: string
  readonly amount: number
  readonly status: 'requested' | 'sent' | 'unknown' | 'done' | 'failed'
  readonly origin: 'e-service' | 'psp'
  readonly reason: string | null
  /** The bank's number of it, where one is known. */
  readonly bankReference: string | null
}

/** What everyone who may see a payment sees, and a notice tells: no personal data. */
export type Payment = {
  readonly id: string
  readonly mode: 'test' | 'live'
  readonly reference: string
  readonly status: PaymentStatus
  readonly final: boolean
  readonly closing: 'refused' | 'cancelled' | 'expired' | null
  /** A later hub may know more of them: treat an unknown one as a matter for a person. */
  readonly attention: readonly string[]
  readonly amount: number
  readonly currency: string
  readonly paidAmount: number
  readonly refundedAmount: number
  readonly reversedAmount: number
  readonly description: Readonly<Record<string, string>>
  readonly payee: string | null
  readonly language: string
  readonly allowedAttempts: 'one' | 'many'
  readonly attempts: readonly Attempt[]
  readonly refunds: readonly Refund[]
  readonly createdAt: string
  readonly expiresAt: string
  readonly metadata: Readonly<Record<string, string>>
}

export type WholePayment = Payment & {
  /** Where to send the payer. */
  readonly payUrl: string
  readonly returnUrl: string
  /** As ordered; only with the scope payer:read. */
  readonly payer: { readonly [Field in keyof Payer]?: string | undefined } | null
  /** As the banks gave them; only with the scope payer:read. */
  readonly payersAtBank: readonly PayerAtBank[] | null
  /** What notices told, oldest first; empty in the answer to an order. */
  readonly events: readonly EventLine[]
}

export type PayerAtBank = {
  readonly attempt: string
  readonly name: string | null
  readonly account: string | null
  readonly bank: string | null
}
export type EventLine = { readonly id: string; readonly type: string; readonly sequence: number; readonly at: string }

export type NewRefund = {
  /** All that is left when absent. */
  readonly amount?: number
  /** Whose money goes back, where several attempts were paid. */
  readonly attempt?: string
  /** Why; at most 140 characters, and no personal data: it stands in notices. */
  readonly reason?: string
}

export type PaymentFilter = {
  readonly reference?: string
  readonly status?: PaymentStatus
  readonly from?: string
  readonly to?: string
  /** The `next` of the page before. */
  readonly after?: string
  /** 1 to 100; 20 when absent. */
  readonly limit?: number
}
export type PaymentPage = { readonly payments: readonly Payment[]; readonly next: string | null }

export type Offer = {
  readonly id: string
  readonly name: string
  readonly logo: string
  readonly health: 'good' | 'failing' | 'paused'
  readonly pauseText: string | null
  readonly minAmount: number | null
  readonly maxAmount: number | null
  readonly currencies: readonly string[]
}

export type OfferQuery = {
  readonly amount?: number
  readonly currency?: string
  readonly language?: string
  /** Only what pays into this account of the merchant's. */
  readonly payee?: string
}
export type OfferList = { readonly offers: readonly Offer[] }

export type Notice = {
  readonly type: string
  readonly timestamp: string
  readonly sequence: number
  readonly data: { readonly eService: string; readonly payment: Payment }
}
export type HubEvent = Notice & { readonly id: string }
export type EventPage = { readonly events: readonly HubEvent[]; readonly cursor: string; readonly more: boolean }
export type Queued = { readonly queued: true }

/** What a signed receipt says. Names and texts are by language. */
export type Receipt = {
  /** The hub that says so: its public address. */
  readonly iss: string
  readonly hub: string
  /** A test receipt stands for no money. */
  readonly mode: 'test' | 'live'
  readonly payment: string
  readonly reference: string
  readonly eService: string
  readonly merchant: { readonly name: Readonly<Record<string, string>>; readonly registrationNumber: string }
  readonly payee: { readonly name: string; readonly iban: string }
  readonly amount: number
  readonly currency: string
  readonly refundedAmount: number
  readonly reversedAmount: number
  readonly description: Readonly<Record<string, string>>
  readonly paidAt: string | null
  readonly bank: Readonly<Record<string, string>>
  readonly bankReference: string | null
  readonly issuedAt: string
}

/** The file that a payer keeps: the receipt to be read, and the same signed. */
export type SignedReceipt = { readonly receipt: Receipt; readonly jws: string }
