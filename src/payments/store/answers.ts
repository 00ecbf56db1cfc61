import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** Answers kept under idempotency keys. */

export type StoredAnswer = { readonly bodyHash: string; readonly status: number; readonly answer: unknown }

const CLAIM = statement<{ mine: boolean; bodyHash: string | null; status: number | null; answer: unknown }>(
  'payments.claim-key',
  `select pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3 || '/' || $4, 0)) as mine,
     kept.body_hash as "bodyHash", kept.status, kept.answer
   from (select 1) as one
   left join payments.idempotency as kept on merchant = $1 and e_service = $2 and operation = $3 and key = $4`,
)
const KEEP_ANSWER = statement(
  'payments.keep-answer',
  `insert into payments.idempotency (merchant, e_service, operation, key, body_hash, status, answer, at)
   values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
)

export type KeyScope = readonly [merchant: string, eService: string, operation: string, key: string]

/** The answer already given under this key, `mine` to go on, or `running` when an equal request has it now. */
export const claimKey = async (tx: Queryable, scope: KeyScope): Promise<StoredAnswer | 'mine' | 'running'> => {
  const [row] = await tx.query(CLAIM, scope)
  if (row?.bodyHash != null && row.status != null)
    return { bodyHash: row.bodyHash, status: row.status, answer: row.answer }
  return row?.mine ? 'mine' : 'running'
}
export const keepAnswer = async (tx: Queryable, scope: KeyScope, kept: StoredAnswer, now: Instant): Promise<void> => {
  await tx.query(KEEP_ANSWER, [...scope, kept.bodyHash, kept.status, JSON.stringify(kept.answer), at(now)])
}

const CONFIRM = statement(
  'payments.confirm-answer',
  `select pg_logical_emit_message(true, 'ebizness', '') where current_setting('synchronous_standby_names') <> ''`,
)
/**
 * Makes this transaction's commit wait for the standby, which then has all that was committed before. A commit that was cut off while it
 * waited can be seen here all the same, and who relies on its answer must not lose it with the primary. Without standbys it costs a look.
 */
export const confirmAnswer = async (tx: Queryable): Promise<void> => {
  await tx.query(CONFIRM)
}

const AWAIT_KEY = statement(
  'payments.await-key',
  `select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3 || '/' || $4, 0))`,
)
/** As `claimKey`, but waits while an equal request runs: a browser cannot be told to come again. */
export const awaitKey = async (tx: Queryable, scope: KeyScope): Promise<StoredAnswer | 'mine' | 'running'> => {
  await tx.query(AWAIT_KEY, scope)
  return claimKey(tx, scope)
}

const FORGET_ANSWERS = statement<{ key: string }>(
  'payments.forget-answers',
  `delete from payments.idempotency where ctid in (select ctid from payments.idempotency where at < $1 limit 1000) returning key`,
)
/** Deletes answers older than `before`, at most a thousand at a time; returns how many. */
export const forgetAnswers = async (db: Queryable, before: Instant): Promise<number> =>
  (await db.query(FORGET_ANSWERS, [at(before)])).length
