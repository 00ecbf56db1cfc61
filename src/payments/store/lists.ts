import type { PaymentId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, type Statement, statement } from '../../platform/db/db.ts'
import type { PaymentStatus } from '../facts.ts'
import { FACTS, type Loaded, type PaymentRow, ROW } from './payments.ts'

/** Payments of an e-service, newest first, page by page. */

export type ListFilter = {
  readonly reference?: string | undefined
  readonly status?: PaymentStatus | undefined
  readonly from?: Instant | undefined
  /** Not itself. */
  readonly to?: Instant | undefined
  /** The last one of the page before. */
  readonly before?: { readonly createdAt: Instant; readonly id: string } | undefined
  readonly limit: number
}

/**
 * One statement for each index, and no condition that may be absent: a prepared statement is planned once for all values, and with
 * "is null or" PostgreSQL walks every payment (0.7 s at a million, measured). Bounds are always given, if need be as infinite.
 */
const listing = (name: string, narrowed: string): Statement<PaymentRow> =>
  statement(
    `payments.list${name}`,
    `select ${ROW} from payments.payment
     where merchant = $1 and e_service = $2 and created_at >= $3 and (created_at, id) < ($4, $5)${narrowed}
     order by created_at desc, id desc limit $6`,
  )
const LIST = listing('', '')
const LIST_STATUS = listing('-status', ' and status = $7')
/** A reference has few payments, whatever their status. */
const LIST_REFERENCE = listing('-reference', ' and reference = $7 and ($8::text is null or status = $8)')

const FLAGGED = statement<{ merchant: string; id: PaymentId }>(
  'payments.flagged',
  `select merchant, id from payments.payment where attention <> '{}' and (merchant, id) > ($1, $2)
   order by merchant, id limit $3`,
)
/** Payments of all merchants that have a flag now, after this one. */
export const flaggedPayments = (
  db: Queryable,
  after: { readonly merchant: string; readonly id: string },
  limit: number,
): Promise<readonly { readonly merchant: string; readonly id: PaymentId }[]> =>
  db.query(FLAGGED, [after.merchant, after.id, limit])

export const listPayments = async (
  db: Queryable,
  merchant: string,
  eService: string,
  filter: ListFilter,
): Promise<readonly Loaded[]> => {
  const { reference, status, limit } = filter
  const from = filter.from === undefined ? '-infinity' : at(filter.from)
  const values = [merchant, eService, from, ...upperBound(filter), limit]
  const rows =
    reference !== undefined
      ? await db.query(LIST_REFERENCE, [...values, reference, status ?? null])
      : status !== undefined
        ? await db.query(LIST_STATUS, [...values, status])
        : await db.query(LIST, values)
  const facts = await db.query(FACTS, [merchant, rows.map((row) => row.id)])
  return rows.map((row) => ({ row, facts: facts.filter((fact) => fact.payment === row.id).map((fact) => fact.body) }))
}

/** The lower one of `to` and the cursor: with both in the statement the index is entered at the wrong one. No id is below the empty one. */
const upperBound = ({ to, before }: ListFilter): readonly [createdAt: string, id: string] => {
  if (before && (to === undefined || before.createdAt < to)) return [at(before.createdAt), before.id]
  return [to === undefined ? 'infinity' : at(to), '']
}
