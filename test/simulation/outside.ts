import type { Instant } from '../../src/kernel/time.ts'

/** What the world outside the hub knows, whatever the hub says: the ground on which it is judged. */
export type Outside = {
  /** Orders that the hub has acknowledged, by payment. */
  readonly orders: Map<string, { readonly reference: string; readonly amountMinor: number; readonly payUrl: string }>
  /** Cancellations that the hub has acknowledged. */
  readonly cancelled: Set<string>
  /** Money that payers gave at banks. */
  readonly moved: Moved[]
  /** Notices as the e-service understood them, in the order of its answers 2xx. */
  readonly heard: {
    readonly id: string
    readonly payment: string
    readonly sequence: number
    readonly at: Instant
    readonly first: boolean
  }[]
  /** What must never be, found on the way. */
  readonly breaches: string[]
  /** Refunds that the hub has acknowledged, by refund. */
  readonly refunds: Map<string, { readonly payment: string; readonly amountMinor: number }>
}

export type Moved = {
  readonly channel: string
  readonly order: string
  readonly number: string
  readonly at: Instant
  readonly choice: string
  /** The bank took something else than was ordered, or gave it to somebody else. */
  readonly wrong: boolean
  /** By when the hub was told all that it needs, in messages that it acknowledged. */
  toldAt: Instant | undefined
}

export const openOutside = (): Outside => ({
  orders: new Map(),
  cancelled: new Set(),
  moved: [],
  heard: [],
  breaches: [],
  refunds: new Map(),
})
