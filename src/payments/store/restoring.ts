import type { PaymentId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** What is looked at once, by an operator, after a database was restored to a former moment. */

type Named = { readonly merchant: string; readonly id: PaymentId }

/** Pages are of rows that are read, not of rows that are found: no statement walks the whole table, which would take longer than one may. */
const NEWEST = statement<Named & { readonly newest: Instant }>(
  'payments.newest-change',
  `with page as (
     select merchant, id, changed_at from payments.payment where (merchant, id) > ($1, $2) order by merchant, id limit $3)
   select merchant, id, (select max(changed_at) from page) as newest from page order by merchant desc, id desc limit 1`,
)
/** When anything was last written of a page of payments, and the last of them; undefined: there is none after that one. */
export const newestChange = async (
  db: Queryable,
  after: Named | undefined,
  limit: number,
): Promise<(Named & { readonly newest: Instant }) | undefined> =>
  (await db.query(NEWEST, [after?.merchant ?? '', after?.id ?? '', limit]))[0]

export type Standing = Named & { readonly isSettled: boolean }

const PAGE = statement<Standing>(
  'payments.standing-page',
  `select merchant, id, changed_at < $3 and status not in ('open', 'started', 'accepted') as "isSettled"
   from payments.payment where (merchant, id) > ($1, $2) order by merchant, id limit $4`,
)
/** A page of all payments; settled are those that are final and have not changed since then. */
export const pageOfStandings = (
  db: Queryable,
  since: Instant,
  after: Named | undefined,
  limit: number,
): Promise<readonly Standing[]> => db.query(PAGE, [after?.merchant ?? '', after?.id ?? '', at(since), limit])

const PASS_SEQUENCES = statement(
  'payments.pass-sequences',
  `update payments.payment set sequence = sequence + $3
   from unnest($1::text[], $2::text[]) as named (merchant, id)
   where payment.merchant = named.merchant and payment.id = named.id`,
)
/** Leaves out so many numbers of the events of each. */
export const passSequences = async (tx: Queryable, named: readonly Named[], count: number): Promise<void> => {
  await tx.query(PASS_SEQUENCES, [named.map(({ merchant }) => merchant), named.map(({ id }) => id), count])
}

const NEXT_NUMBER = statement<{ next: number }>('payments.next-number', 'select next from payments.number_block')
/** The first attempt number that no process has taken. */
export const nextNumber = async (db: Queryable): Promise<number> => (await db.query(NEXT_NUMBER))[0]?.next ?? 0
