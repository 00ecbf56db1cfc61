import type { Instant } from '../../src/kernel/time.ts'

/** What the world outside the hub knows, whatever the hub says: the ground on which it is judged. */
export type Outside = {
  /** Orders that the hub has acknowledged, by payment. */
  readonly orders: Map<string, { readonly reference: string; readonly amountMinor: number; readonly payUrl: string }>
  /** Cancellations that the hub has acknowledged. */
  readonly cancelled: Set<string>
  /** Money that payers gave at banks. */
  readonly moved: Moved[]
  /** Of money from when on the hub can know of it. */
  readonly knowable: Moved[]
  /** References of orders, and payments of refunds, whose caller never heard an answer: they may be there. */
  readonly unanswered: { readonly orders: Set<string>; readonly refunds: Set<string> }
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
  /** When the hub acknowledged the first whole message that tells of it. */
  toldAt: Instant | undefined
}

export const openOutside = (): Outside => ({
  orders: new Map(),
  cancelled: new Set(),
  moved: [],
  knowable: [],
  unanswered: { orders: new Set(), refunds: new Set() },
  heard: [],
  breaches: [],
  refunds: new Map(),
})
