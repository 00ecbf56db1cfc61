import type { PaymentId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'
import type { Fact, PaymentStatus } from '../facts.ts'
import { type PaymentRow, ROW } from './payments.ts'

/** Payments in pages, oldest first, for whoever takes all of them. Every page costs the same, wherever it is and whatever is wanted of it. */

export type Owner = { readonly merchant: string; readonly eService: string }

/** One look into the index for each e-service. */
const OWNERS = statement<{ merchant: string; eService: string }>(
  'payments.owners',
  `with recursive each as (
     (select merchant, e_service from payments.payment order by merchant, e_service limit 1)
     union all
     select next.merchant, next.e_service from each cross join lateral (
       select merchant, e_service from payments.payment
       where (merchant, e_service) > (each.merchant, each.e_service) order by merchant, e_service limit 1) as next)
   select merchant, e_service as "eService" from each
   where ($1::text is null or merchant = $1) and ($2::text is null or e_service = $2)`,
)
/** E-services that have payments. */
export const ownersOfPayments = (
  db: Queryable,
  merchant: string | undefined,
  eService: string | undefined,
): Promise<readonly Owner[]> => db.query(OWNERS, [merchant ?? null, eService ?? null])

export type ExportedRow = PaymentRow & { readonly status: PaymentStatus }

const PAGE = statement<ExportedRow>(
  'payments.export-page',
  `select ${ROW}, status from payments.payment
   where merchant = $1 and e_service = $2 and created_at >= $3 and created_at < $4 and (created_at, id) > ($5, $6)
   order by created_at, id limit $7`,
)

export type Span = { readonly from: Instant; readonly to: Instant }

export const pageOfPayments = (
  db: Queryable,
  { merchant, eService }: Owner,
  { from, to }: Span,
  after: Pick<PaymentRow, 'createdAt' | 'id'> | undefined,
  limit: number,
): Promise<readonly ExportedRow[]> =>
  db.query(PAGE, [merchant, eService, at(from), at(to), at(after?.createdAt ?? from), after?.id ?? '', limit])

const FACTS = statement<{ payment: PaymentId; body: Fact }>(
  'payments.facts-of-page',
  'select payment, body from payments.fact where merchant = $1 and payment = any($2)',
)
export const factsOfPage = async (
  db: Queryable,
  merchant: string,
  payments: readonly PaymentId[],
): Promise<ReadonlyMap<PaymentId, readonly Fact[]>> => {
  const facts = new Map<PaymentId, Fact[]>(payments.map((id) => [id, []]))
  for (const { payment, body } of await db.query(FACTS, [merchant, payments])) facts.get(payment)?.push(body)
  return facts
}
