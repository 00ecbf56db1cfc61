import type { Payee, PayerAtPsp, Reading, RefusalReason } from '../channels/channel.ts'
import type { AttemptId, PaymentId, RefundId } from '../kernel/ids.ts'
import type { Localized } from '../kernel/language.ts'
import type { Money } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'

/**
 * A payment is a set of facts. Readings and outcomes are heard and cannot be refused; decisions are taken under the payment's lock.
 * `key` makes the set: the same fact heard again is the same element. `at`, when we heard or decided, is for timelines and deadlines
 * only; the state never depends on it.
 */
export type Fact = Heard | Decision
export type Heard = ReadingFact | OutcomeFact
export type Decision =
  | OrderedFact
  | BegunFact
  | BegunAgainFact
  | LeftFact
  | ClosingAskedFact
  | ClosedFact
  | PlanEndedFact
  | RefundAskedFact
  | RefundHandedFact
  | RefundWithheldFact
  | TwinFact
  | RuledFact

/** Strongest first: where readings differ in a detail, the source decides which one is shown. */
export const SOURCES = ['statement', 'enquiry', 'notice', 'return'] as const
export type Source = (typeof SOURCES)[number]

export type ReadingFact = {
  readonly fact: 'reading'
  /** `rd:` + source + SHA-256 of what was read + attempt. */
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
  readonly source: Source
  readonly digest: string
  readonly reading: Reading
}

/** What became of a call of ours. `not_sent`: surely never reached the PSP. `turned_down`: answered with a refusal to begin. */
export type CallResult = 'answered' | 'not_sent' | 'turned_down' | 'unknown'

export type OutcomeFact = {
  readonly fact: 'outcome'
  /** `out:` + call + its number, so that a repeated call is a new fact and a repeated hearing is not. */
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
  readonly of: 'begin' | 'enquire' | 'refund'
  readonly refund?: RefundId
  readonly result: CallResult
  /** What must come back equal, where only the answer to our call told it. */
  readonly echo?: Readonly<Record<string, string>>
}

export type OrderedFact = {
  readonly fact: 'ordered'
  readonly key: 'ordered'
  readonly at: Instant
  readonly payment: PaymentId
  readonly amount: Money
  readonly description: Localized
  readonly reference: string
  readonly attempts: 'one' | 'many'
  readonly expiresAt: Instant
}

export type BegunFact = {
  readonly fact: 'begun'
  /** `begun:` + attempt. */
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
  readonly number: string
  readonly offer: string
  readonly agreement: string
  readonly channel: string
  readonly payee: Payee
  /** What must come back equal. */
  readonly echo?: Readonly<Record<string, string>>
  readonly plan: Plan
}

/** The attempt's deadlines, from the channel's times and the agreement's terms. */
export type Plan = {
  readonly askAt: Instant
  readonly endsAt: Instant
  /** Whether the PSP can be asked. */
  readonly canAsk: boolean
  readonly unansweredBegin: 'dead' | 'unknown'
  readonly returnedMs: number
  readonly askedMs: readonly number[]
}

/** The same attempt's step was shown again, signed anew: its last moment moved. */
export type BegunAgainFact = {
  readonly fact: 'begun_again'
  /** `again:` + attempt + its count. */
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
  readonly echo?: Readonly<Record<string, string>>
  readonly plan: Plan
}

/** The payer said "I have not paid there" and went elsewhere. */
export type LeftFact = {
  readonly fact: 'left'
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
}

export type ClosingKind = 'refused' | 'cancelled' | 'expired'

export type ClosingAskedFact = {
  readonly fact: 'closing_asked'
  readonly key: 'closing_asked'
  readonly at: Instant
  readonly as: ClosingKind
  readonly by: 'payer' | 'e-service' | 'deadline' | 'person'
}

export type ClosedFact = {
  readonly fact: 'closed'
  readonly key: 'closed'
  readonly at: Instant
  readonly as: ClosingKind
}

export type PlanEndedFact = {
  readonly fact: 'plan_ended'
  /** `ended:` + attempt. */
  readonly key: string
  readonly at: Instant
  readonly attempt: AttemptId
  /** `not_paid`: the PSP was asked past its last moment and said so. `cannot_ask`: the protocol has no question. `no_answer`: it would not say. */
  readonly finding: 'not_paid' | 'cannot_ask' | 'no_answer'
}

export type RefundAskedFact = {
  readonly fact: 'refund_asked'
  readonly key: string
  readonly at: Instant
  readonly refund: RefundId
  readonly attempt: AttemptId
  readonly number: string
  readonly amountMinor: number
  /** Why, in the e-service's words. */
  readonly reason?: string
}

/** A person has the refund from here on: the hub may still ask the PSP about it, and sends it no more. */
export type RefundHandedFact = {
  readonly fact: 'refund_handed'
  /** `handed:` + refund. */
  readonly key: string
  readonly at: Instant
  readonly refund: RefundId
  /** `not_sent`: surely not with the PSP, which takes none from a program or could not be told. `unsettled`: it may have it, and does not say what became of it. */
  readonly why: 'not_sent' | 'unsettled'
}

/** Surely not sent, and never to be: with what went back meanwhile more would go back than was paid. */
export type RefundWithheldFact = {
  readonly fact: 'refund_withheld'
  /** `withheld:` + refund. */
  readonly key: string
  readonly at: Instant
  readonly refund: RefundId
}

/** Another payment of the same reference was executed too. */
export type TwinFact = { readonly fact: 'twin'; readonly key: string; readonly at: Instant; readonly other: PaymentId }

export type RuledFact = {
  readonly fact: 'ruled'
  readonly key: string
  readonly at: Instant
  readonly by: string
  readonly note: string
  /**
   * `paid` / `not_paid`: what became of an attempt. `refund_done` / `refund_failed`: what became of a refund. `settled`: the flag is dealt
   * with, for the facts named; or the refund of which the PSP says otherwise than a person did.
   */
  readonly as: 'paid' | 'not_paid' | 'settled' | 'refund_done' | 'refund_failed'
  readonly attempt?: AttemptId
  readonly refund?: RefundId
  /** The bank's number of a refund that a person made there. */
  readonly reference?: string
  readonly flag?: Flag
  /** Keys of the facts that raised the flag. */
  readonly facts: readonly string[]
}

export const FLAGS = [
  'paid_late',
  'paid_twice',
  'amount_mismatch',
  'currency_mismatch',
  'payee_mismatch',
  'echo_mismatch',
  'contradiction',
  'reversed',
  'stuck',
] as const
export type Flag = (typeof FLAGS)[number]

export const ATTEMPT_STATUSES = ['executed', 'refused', 'accepted', 'lapsed', 'unknown', 'started'] as const
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number]

export const PAYMENT_STATUSES = ['executed', 'refused', 'cancelled', 'expired', 'accepted', 'started', 'open'] as const
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number]

export const FINAL_STATUSES: readonly PaymentStatus[] = ['executed', 'refused', 'cancelled', 'expired']

/** What the facts of one attempt say. */
export type AttemptState = {
  readonly id: AttemptId
  readonly number: string
  readonly offer: string
  readonly agreement: string
  readonly channel: string
  readonly begunAt: Instant
  /** How often its step was shown, signed anew. */
  readonly begunTimes: number
  readonly status: AttemptStatus
  readonly reason?: RefusalReason | 'reversed' | 'ruled_not_paid'
  readonly left: boolean
  /** Started, accepted, unknown, or holding an unsettled mismatch. */
  readonly mayStillBePaid: boolean
  readonly bankReference?: string
  readonly paidAt?: Instant
  readonly payer?: PayerAtPsp
  readonly reversedMinor: number
  readonly plan: Plan
  readonly planEnded: boolean
  /** How often the PSP was asked, when last, and when it last answered. */
  readonly asked: { readonly times: number; readonly lastAt?: Instant; readonly answeredAt?: Instant }
  readonly returnedAt?: Instant
}

export type RefundStatus = 'requested' | 'sent' | 'unknown' | 'done' | 'failed'

export type RefundState = {
  readonly id: string
  readonly attempt: AttemptId
  readonly amountMinor: number
  readonly status: RefundStatus
  readonly origin: 'e-service' | 'psp'
  readonly reason?: string
  /** The bank's number of it. */
  readonly bankReference?: string
  /** A person has it, and why. */
  readonly handed?: RefundHandedFact['why']
  /** A person has ruled it, and the PSP says otherwise. */
  readonly disputed?: true
}

export type Attention = { readonly flag: Flag; readonly facts: readonly string[] }

/** What the facts say of the payment: one pure function of the set. */
export type PaymentState = {
  readonly id: PaymentId
  readonly order: OrderedFact
  readonly status: PaymentStatus
  readonly final: boolean
  readonly closing?: ClosingKind
  /** When closing was asked: attempts that are still open are enquired once more then. */
  readonly closingAskedAt?: Instant
  readonly attention: readonly Attention[]
  readonly attempts: readonly AttemptState[]
  /** The attempt whose step is shown when the payer comes again. */
  readonly current?: AttemptState
  readonly refunds: readonly RefundState[]
  /** Attempts of which more went back than was paid, and no person has settled it; with the sum. */
  readonly tooMuchBack?: readonly { readonly attempt: AttemptId; readonly backMinor: number }[]
  readonly paidMinor: number
  readonly refundedMinor: number
  readonly reversedMinor: number
}
