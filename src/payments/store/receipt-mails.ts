import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** What became of receipts by e-mail. */

export type ReceiptMail = {
  readonly outcome: 'sent' | 'refused' | 'gave_up' | 'no_server'
  /** Codes of the mail server, or what is missing; empty when it was sent. */
  readonly why: string
  readonly at: Instant
}

const NOTE = statement(
  'payments.note-receipt-mail',
  `insert into payments.receipt_mail (merchant, payment, outcome, why, at) values ($1, $2, $3, $4, $5)
   on conflict (merchant, payment) do update set outcome = excluded.outcome, why = excluded.why, at = excluded.at`,
)
export const noteReceiptMail = async (
  db: Queryable,
  merchant: string,
  payment: string,
  { outcome, why, at: when }: ReceiptMail,
): Promise<void> => {
  await db.query(NOTE, [merchant, payment, outcome, why, at(when)])
}

const FIND = statement<ReceiptMail>(
  'payments.receipt-mail',
  'select outcome, why, at from payments.receipt_mail where merchant = $1 and payment = $2',
)
/** Undefined: none was wanted, or it is still tried. */
export const receiptMailOf = async (
  db: Queryable,
  merchant: string,
  payment: string,
): Promise<ReceiptMail | undefined> => (await db.query(FIND, [merchant, payment]))[0]
