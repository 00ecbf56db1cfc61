import type { PaymentId } from '../../kernel/ids.ts'
import { type Queryable, statement } from '../../platform/db/db.ts'

/** One look into an index for each way in which somebody may name a payment. */

export type Scope = {
  readonly merchants: readonly string[]
  readonly eServices: readonly string[]
  readonly agreements: readonly string[]
}

const FIND = statement<{ id: PaymentId }>(
  'payments.find',
  `select payment as id from (
     select id as payment from payments.payment where merchant = any($1) and id = $4
     union select id from payments.payment where merchant = any($1) and e_service = any($2) and reference = $4
     union select payment from payments.attempt where merchant = any($1) and id = $4
     union select payment from payments.attempt where merchant = any($1) and agreement = any($3) and number = $4
     union select a.payment from payments.psp_id p join payments.attempt a on a.merchant = p.merchant and a.id = p.attempt
       where p.merchant = any($1) and p.agreement = any($3) and p.psp_id = $4
     union select payment from payments.message where merchant = any($1) and id = $4 and payment is not null) as named
   order by payment desc limit $5`,
)

/** Payments that go by this name: an id of the payment, an attempt or a message, the e-service's reference, the attempt's number, the PSP's id. Newest first. */
export const paymentsNamed = async (
  db: Queryable,
  { merchants, eServices, agreements }: Scope,
  name: string,
  limit: number,
): Promise<readonly PaymentId[]> =>
  (await db.query(FIND, [merchants, eServices, agreements, name, limit])).map(({ id }) => id)
