import type { PaymentId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** What is looked at once, by an operator, after a database was restored to a former moment. */

const NEWEST = statement<{ newest: Instant | null }>(
  'payments.newest-change',
  'select max(changed_at) as newest from payments.payment',
)
/** When anything was last written of a payment; undefined: there is none. Reads the whole table. */
export const newestChange = async (db: Queryable): Promise<Instant | undefined> =>
  (await db.query(NEWEST))[0]?.newest ?? undefined

type Named = { readonly merchant: string; readonly id: PaymentId }

const PAGE = statement<Named>(
  'payments.unsettled-page',
  `select merchant, id from payments.payment
   where (merchant, id) > ($1, $2) and (changed_at >= $3 or status in ('open', 'started', 'accepted'))
   order by merchant, id limit $4`,
)
/** Those that changed since then, and whatever is not final, however old. */
export const pageOfUnsettled = (
  db: Queryable,
  since: Instant,
  after: Named | undefined,
  limit: number,
): Promise<readonly Named[]> => db.query(PAGE, [after?.merchant ?? '', after?.id ?? '', at(since), limit])

const PASS_SEQUENCE = statement(
  'payments.pass-sequence',
  'update payments.payment set sequence = sequence + $3 where merchant = $1 and id = $2',
)
/** Leaves out so many numbers of its events. */
export const passSequence = async (tx: Queryable, { merchant, id }: Named, count: number): Promise<void> => {
  await tx.query(PASS_SEQUENCE, [merchant, id, count])
}

const NEXT_NUMBER = statement<{ next: number }>('payments.next-number', 'select next from payments.number_block')
/** The first attempt number that no process has taken. */
export const nextNumber = async (db: Queryable): Promise<number> => (await db.query(NEXT_NUMBER))[0]?.next ?? 0
