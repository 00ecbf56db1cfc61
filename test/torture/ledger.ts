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
  /** What must not happen at all. */
  readonly breaches: string[]
  /** From the last kill of an outage until an order that was sent after it was acknowledged, ms. */
  readonly recoveriesMs: number[]
  /** Since when nothing has been acknowledged after a kill, by `performance.now()`. */
  readonly outage: { since: number | undefined }
}

export type Created = { readonly reference: string; readonly amountMinor: number; readonly payUrl: string }

export const openLedger = (): Ledger => ({
  created: new Map(),
  told: new Set(),
  wrong: new Set(),
  cancelled: new Set(),
  breaches: [],
  recoveriesMs: [],
  outage: { since: undefined },
})

/** An order that was sent at this moment, by `performance.now()`, has been acknowledged. */
export const acknowledged = ({ outage, recoveriesMs }: Ledger, sentAt: number): void => {
  if (outage.since === undefined || sentAt < outage.since) return
  recoveriesMs.push(Math.round(performance.now() - outage.since))
  outage.since = undefined
}

/** The attempt that an address given to a bank names. */
export const attemptIn = (url: string): string | undefined => /\/(att_[0-9a-z]{26})\//.exec(url)?.[1]
