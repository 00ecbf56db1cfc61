import { systemClock, toRfc3339 } from '../../src/kernel/time.ts'
import type { RefundCall } from './refund-calls.ts'

/** What the outside world knows for certain, kept where nothing is killed: every answer that somebody may rely on. */
export type Ledger = {
  /** Payments whose order was answered 201, by id. */
  readonly created: Map<string, Created>
  /** Attempts about which a signed message of the bank was answered as taken. */
  readonly told: Set<string>
  /** Attempts of which the bank took another amount than was ordered. */
  readonly wrong: Set<string>
  /** Payments whose cancelling was answered 200 or 202. */
  readonly cancelled: Set<string>
  /** Refunds whose asking was answered 201, by id. */
  readonly refunds: Map<string, Refunded>
  /** Who asked and was sent away. */
  readonly turnedAway: TurnedAway[]
  /** Attempts about which messages came that no bank has signed: these are rightly sent away. */
  readonly forged: Set<string>
  /** What the bank was asked to give back. */
  readonly refundCalls: RefundCall[]
  readonly counts: Counts
  /** What was done, in its order. */
  readonly strikes: Struck[]
  /** What must not happen at all. */
  readonly breaches: string[]
  /** By what was struck: until an order that was sent after it was acknowledged, ms. */
  readonly recoveriesMs: Map<string, number[]>
  /** Since when nothing has been acknowledged after this was struck, by `performance.now()`. */
  readonly outages: Map<string, number>
}

export type Counts = {
  /** Answers that told of an outage. */
  refusals: number
  /** Runs of frozen processes that others had taken over when they ended, as they say themselves. */
  fenced: number
  /** Jobs of frozen processes that were held by another when these awoke. */
  succeeded: number
  /** Connections that the database ended, and commits whose answer broke off. */
  connectionsCut: number
  commitsCut: number
  payers: number
  /** Payers who decided to pay at two banks. */
  paidAtBoth: number
}

export type Created = { readonly reference: string; readonly amountMinor: number; readonly payUrl: string }

export type TurnedAway = {
  readonly what: string
  /** The one that the address names. */
  readonly attempt: string | undefined
}

/** `at` as the hubs' logs tell it. */
export type Struck = { readonly at: string; readonly what: string }

export type Refunded = { readonly payment: string; readonly amountMinor: number }

export const openLedger = (): Ledger => ({
  created: new Map(),
  told: new Set(),
  wrong: new Set(),
  cancelled: new Set(),
  refunds: new Map(),
  turnedAway: [],
  forged: new Set(),
  refundCalls: [],
  counts: { refusals: 0, fenced: 0, succeeded: 0, connectionsCut: 0, commitsCut: 0, payers: 0, paidAtBoth: 0 },
  strikes: [],
  breaches: [],
  recoveriesMs: new Map(),
  outages: new Map(),
})

/** Writes down that this is done now. */
export const note = ({ strikes }: Ledger, what: string): void => {
  strikes.push({ at: toRfc3339(systemClock.now()), what })
}

/** Something that all hubs need was struck just now; struck again before it was back, it counts from the last time. */
export const beganOutage = ({ outages }: Ledger, what: string): void => {
  outages.set(what, performance.now())
}

/** An order that was sent at this moment, by `performance.now()`, has been acknowledged. */
export const acknowledged = (ledger: Ledger, sentAt: number): void => {
  for (const [what, since] of ledger.outages) {
    if (sentAt < since) continue
    recovered(ledger, what, since)
    ledger.outages.delete(what)
  }
}

/** What was struck at this moment, by `performance.now()`, is back now. */
export const recovered = ({ recoveriesMs }: Ledger, what: string, since: number): void => {
  const former = recoveriesMs.get(what) ?? []
  recoveriesMs.set(what, [...former, Math.round(performance.now() - since)])
}

/** The attempt that an address given to a bank names. */
export const attemptIn = (url: string): string | undefined => /\/(att_[0-9a-z]{26})\//.exec(url)?.[1]
