import type { Flag, PaymentStatus, RefundStatus } from '../../src/payments/facts.ts'
import type { PaymentTask } from '../../src/payments/tasks.ts'
import type { Line } from '../rigs/line.ts'
import type { TestHub } from '../support/hub.ts'
import type { Bill } from './moves.ts'

/** The hub, and the line to the bank that it calls. */
export type LateHub = TestHub & { readonly line: Line }

/** One thing that may become of money, played against the whole hub, and what the rules of payments say of it in the end. */
export type Case = {
  /** How the payment stood. */
  readonly before: string
  /** What came. */
  readonly came: string
  readonly play: (hub: LateHub) => Promise<readonly Bill[]>
  /** Of each payment played, written from the rules and not from the hub. */
  readonly expected: readonly Expected[]
}

export type Expected = {
  readonly status: PaymentStatus
  readonly closing?: 'cancelled' | 'expired'
  readonly flags: readonly Flag[]
  /** Of the sum ordered: 1 where absent and the status is `executed`. */
  readonly paidTimes?: number
  readonly refunded?: number
  readonly reversed?: number
  /** How each refund stands, those that the bank made by itself too, sorted. */
  readonly refunds?: readonly RefundStatus[]
  /** By the bank's own books, where it has been called for refunds: what it has paid back. */
  readonly paidBackAtBank?: number
  /** Tasks beside those of the flags. */
  readonly tasks?: readonly PaymentTask[]
}

export type Block = {
  readonly title: string
  /** How the cases are made, and why some combinations cannot be. */
  readonly tells: string
  readonly cases: readonly Case[]
}

export const executed = (...flags: readonly Flag[]): Expected => ({ status: 'executed', flags })
export const standing = (status: PaymentStatus, ...flags: readonly Flag[]): Expected => ({ status, flags })
