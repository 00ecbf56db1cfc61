import type { Kept, Step } from '../../channels/channel.ts'
import type { AttemptId, PaymentId } from '../../kernel/ids.ts'
import { type Queryable, statement } from '../../platform/db/db.ts'

export type AttemptRow = {
  readonly id: AttemptId
  readonly payment: PaymentId
  readonly agreement: string
  readonly number: string
  readonly kept: Kept
  readonly step: Extract<Step, { step: 'redirect' | 'form' }> | null
}

const PSP_IDS = `insert into payments.psp_id (merchant, agreement, psp_id, attempt)
  select $1, $2, unnest($3::text[]), $4 on conflict do nothing`

const INSERT_ATTEMPT = statement(
  'payments.insert-attempt',
  `with ids as (${PSP_IDS})
   insert into payments.attempt (merchant, agreement, id, payment, number, kept) values ($1, $2, $4, $5, $6, $7)`,
)
export const insertAttempt = async (
  tx: Queryable,
  merchant: string,
  attempt: Omit<AttemptRow, 'step'>,
): Promise<void> => {
  const { agreement, kept, id, payment, number } = attempt
  await tx.query(INSERT_ATTEMPT, [merchant, agreement, kept.pspIds ?? [], id, payment, number, JSON.stringify(kept)])
}

const KEEP = statement(
  'payments.keep',
  `with ids as (${PSP_IDS})
   update payments.attempt set kept = $5, step = coalesce($6::jsonb, step) where merchant = $1 and id = $4`,
)
/** What the PSP's answer told of the attempt: its ids, what must come back, and where the payer is to be sent. */
export const keepOfAttempt = async (
  tx: Queryable,
  merchant: string,
  attempt: Pick<AttemptRow, 'id' | 'agreement' | 'kept' | 'step'>,
): Promise<void> => {
  const { agreement, kept, id, step } = attempt
  await tx.query(KEEP, [merchant, agreement, kept.pspIds ?? [], id, JSON.stringify(kept), step && JSON.stringify(step)])
}

const ATTEMPT = `select id, payment, agreement, number, kept, step from payments.attempt`
const ATTEMPT_BY_ID = statement<AttemptRow>('payments.attempt-by-id', `${ATTEMPT} where merchant = $1 and id = $2`)
const ATTEMPT_BY_NUMBER = statement<AttemptRow>(
  'payments.attempt-by-number',
  `${ATTEMPT} where merchant = $1 and agreement = $2 and number = $3`,
)
const ATTEMPTS_BY_PSP_ID = statement<AttemptRow>(
  'payments.attempts-by-psp-id',
  `${ATTEMPT} where merchant = $1 and id in
     (select attempt from payments.psp_id where merchant = $1 and agreement = $2 and psp_id = $3)`,
)
export const attemptById = async (db: Queryable, merchant: string, id: string) =>
  (await db.query(ATTEMPT_BY_ID, [merchant, id]))[0]
export const attemptByNumber = async (db: Queryable, merchant: string, agreement: string, number: string) =>
  (await db.query(ATTEMPT_BY_NUMBER, [merchant, agreement, number]))[0]
/** More than one only where a PSP's ids have come round. */
export const attemptsByPspId = (db: Queryable, merchant: string, agreement: string, pspId: string) =>
  db.query(ATTEMPTS_BY_PSP_ID, [merchant, agreement, pspId])

const TAKE_NUMBERS = statement<{ first: number }>(
  'payments.take-numbers',
  'update payments.number_block set next = next + $1 returning next - $1 as first',
)
/** Takes `count` attempt numbers that nobody else gets; returns the first. */
export const takeNumbers = async (db: Queryable, count: number): Promise<number> => {
  const [row] = await db.query(TAKE_NUMBERS, [count])
  if (!row) throw new Error('payments.number_block is empty: the migration that fills it did not run')
  return row.first
}
