import { inLanguage } from '../kernel/language.ts'
import { toDecimal } from '../kernel/money.ts'
import { type Instant, toRfc3339 } from '../kernel/time.ts'
import type { Queryable } from '../platform/db/db.ts'
import type { AttemptState, Flag, PaymentState, PaymentStatus } from './facts.ts'
import { stateOf } from './payment.ts'
import { factsOfPage, ownersOfPayments, type PaymentRow, pageOfPayments } from './store/index.ts'

/** Payments as a clerk's spreadsheet or an archive takes them: one flat row each, oldest first, whatever their number in the same memory. */

export type ExportWanted = {
  readonly merchant?: string
  readonly eService?: string
  readonly status?: PaymentStatus
  /** Made at this moment or later. */
  readonly from: Instant
  /** Made before. */
  readonly to: Instant
}

/** Names and order are a promise: new ones are added at the end. */
export type ExportedPayment = {
  readonly id: string
  readonly mode: 'test' | 'live'
  readonly merchant: string
  readonly eService: string
  readonly reference: string
  readonly status: PaymentStatus
  readonly closing: string | null
  readonly attention: readonly Flag[]
  /** Decimal text in units of the currency, never a float: `123.45`. */
  readonly amount: string
  readonly currency: string
  readonly paidAmount: string
  readonly refundedAmount: string
  readonly reversedAmount: string
  /** In the payment's language. */
  readonly description: string
  readonly paymentReference: string | null
  readonly createdAt: string
  readonly expiresAt: string
  readonly attempts: number
  /** Of the attempt that was paid, else of the newest. */
  readonly offer: string | null
  readonly channel: string | null
  readonly agreement: string | null
  readonly attemptNumber: string | null
  readonly bankReference: string | null
  readonly paidAt: string | null
  readonly metadata: Readonly<Record<string, string>>
}

/** Personal data, given only when asked for by name. */
export type ExportedPersons = {
  readonly payerName: string | null
  readonly payerEmail: string | null
  readonly payerPersonalCode: string | null
  readonly payerRegistrationNumber: string | null
  /** As the PSP gave them. */
  readonly paidByName: string | null
  readonly paidByAccount: string | null
}

export type Exported = { readonly payment: ExportedPayment; readonly persons: ExportedPersons }

/** Rows read at once: some 5 MB with their facts. */
const PAGE = 500

/** By merchant and e-service, each oldest first. */
export async function* exportPayments(db: Queryable, wanted: ExportWanted, page = PAGE): AsyncGenerator<Exported> {
  for (const owner of await ownersOfPayments(db, wanted.merchant, wanted.eService)) {
    let after: PaymentRow | undefined
    do {
      const rows = await pageOfPayments(db, owner, wanted, after, page)
      // Not asked of the database: a status that few have would make one page as dear as the whole table.
      const fitting = rows.filter((row) => wanted.status === undefined || row.status === wanted.status)
      const facts = await factsOfPage(
        db,
        owner.merchant,
        fitting.map(({ id }) => id),
      )
      for (const row of fitting) yield exported(row, stateOf(facts.get(row.id) ?? []))
      after = rows.length < page ? undefined : rows.at(-1)
    } while (after)
  }
}

const exported = (row: PaymentRow, state: PaymentState): Exported => {
  const { details } = row
  const attempt = state.attempts.find(({ status }) => status === 'executed') ?? state.attempts.at(-1)
  return { payment: exportedPayment(row, state, attempt), persons: exportedPersons(details.payer, attempt?.payer) }
}

const exportedPayment = (
  { id, mode, merchant, eService, reference, details, createdAt }: PaymentRow,
  state: PaymentState,
  attempt: AttemptState | undefined,
): ExportedPayment => {
  const { currency } = state.order.amount
  const decimal = (amountMinor: number): string => toDecimal({ amountMinor, currency })
  return {
    ...{ id, mode, merchant, eService, reference },
    status: state.status,
    closing: state.closing ?? null,
    attention: state.attention.map(({ flag }) => flag),
    amount: toDecimal(state.order.amount),
    currency,
    paidAmount: decimal(state.paidMinor),
    refundedAmount: decimal(state.refundedMinor),
    reversedAmount: decimal(state.reversedMinor),
    description: inLanguage(details.description, details.language),
    paymentReference: details.paymentReference,
    createdAt: toRfc3339(createdAt),
    expiresAt: toRfc3339(state.order.expiresAt),
    attempts: state.attempts.length,
    offer: attempt?.offer ?? null,
    channel: attempt?.channel ?? null,
    agreement: attempt?.agreement ?? null,
    attemptNumber: attempt?.number ?? null,
    bankReference: attempt?.bankReference ?? null,
    paidAt: attempt?.paidAt === undefined ? null : toRfc3339(attempt.paidAt),
    metadata: details.metadata,
  }
}

const exportedPersons = (ordered: PaymentRow['details']['payer'], atPsp: AttemptState['payer']): ExportedPersons => ({
  payerName: ordered?.name ?? null,
  payerEmail: ordered?.email ?? null,
  payerPersonalCode: ordered?.personalCode ?? null,
  payerRegistrationNumber: ordered?.registrationNumber ?? null,
  paidByName: atPsp?.name ?? null,
  paidByAccount: atPsp?.account ?? null,
})
