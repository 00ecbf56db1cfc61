import type { Payer } from '../../channels/channel.ts'
import type { PaymentId } from '../../kernel/ids.ts'
import type { Language, Localized } from '../../kernel/language.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement, type Tx } from '../../platform/db/db.ts'
import type { Fact, PaymentState } from '../facts.ts'

/** The payment's row and its facts. */

/** What was ordered and is not a fact of money: kept as it came. */
export type Details = {
  readonly description: Localized
  readonly returnUrl: string
  readonly account: string | null
  readonly payer: Payer | null
  readonly paymentReference: string | null
  readonly language: Language
  readonly channel: string | null
  readonly channels: readonly string[] | null
  readonly metadata: Readonly<Record<string, string>>
}

export type PaymentRow = {
  readonly merchant: string
  readonly id: PaymentId
  readonly eService: string
  readonly mode: 'test' | 'live'
  readonly payToken: string
  readonly details: Details
  readonly holdsReference: boolean
  readonly reference: string
  readonly sequence: number
  readonly createdAt: Instant
  /** Of what ordered it, where somebody traces. */
  readonly traceparent: string | null
}

/** Fields in the row's own names. */
export const ROW = `merchant, id, e_service as "eService", mode, pay_token as "payToken", details, holds_reference as "holdsReference",
  reference, sequence, created_at as "createdAt", traceparent`

const INSERT_PAYMENT = statement<{ id: PaymentId }>(
  'payments.insert-payment',
  `with row as (
     insert into payments.payment (merchant, id, e_service, mode, reference, amount_minor, currency, pay_token, details, status,
       holds_reference, created_at, changed_at, traceparent)
     select $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::text, $8::text, $9::jsonb, 'open', true, $10, $10::timestamptz,
       $12::text
     where not exists (
       select from payments.payment where merchant = $1 and e_service = $3 and reference = $5 and status = 'executed')
     on conflict (merchant, e_service, reference) where holds_reference do nothing
     returning merchant, id)
   , facts as (
     insert into payments.fact (merchant, payment, key, at, body) select merchant, id, 'ordered', $10, $11 from row)
   select id from row`,
)

/** Writes a payment with its order. False when its reference is held by another payment, or was paid, if only after it had been freed. */
export const insertPayment = async (
  tx: Queryable,
  row: PaymentRow,
  order: Extract<Fact, { fact: 'ordered' }>,
): Promise<boolean> => {
  const { amount } = order
  const rows = await tx.query(INSERT_PAYMENT, [
    row.merchant,
    row.id,
    row.eService,
    row.mode,
    row.reference,
    amount.amountMinor,
    amount.currency,
    row.payToken,
    JSON.stringify(row.details),
    at(row.createdAt),
    JSON.stringify(order),
    row.traceparent,
  ])
  return rows.length > 0
}

const HOLDER = statement<{ id: PaymentId }>(
  'payments.reference-holder',
  `select id from payments.payment
   where merchant = $1 and e_service = $2 and reference = $3 and (holds_reference or status = 'executed')
   order by holds_reference desc limit 1`,
)
export const referenceHolder = async (tx: Queryable, merchant: string, eService: string, reference: string) =>
  (await tx.query(HOLDER, [merchant, eService, reference]))[0]?.id

const LOCK = statement<PaymentRow>(
  'payments.lock',
  `select ${ROW} from payments.payment where merchant = $1 and id = $2 for update`,
)
/** Both as they are at one moment, in one statement. */
const WITH_FACTS = `${ROW}, (select coalesce(jsonb_agg(body), '[]') from payments.fact
  where fact.merchant = payment.merchant and fact.payment = payment.id) as facts`
type Whole = PaymentRow & { readonly facts: readonly Fact[] }

const GET = statement<Whole>(
  'payments.get',
  `select ${WITH_FACTS} from payments.payment where merchant = $1 and id = $2`,
)
const BY_TOKEN = statement<Whole>(
  'payments.by-token',
  `select ${WITH_FACTS} from payments.payment where pay_token = $1`,
)
/** One look into the primary key for each merchant, instead of a further index that every order would write. */
const BY_ID = statement<Whole>(
  'payments.by-id',
  `with recursive each as (
     (select merchant from payments.payment order by merchant limit 1)
     union all
     select (select payment.merchant from payments.payment where payment.merchant > each.merchant order by 1 limit 1)
     from each where each.merchant is not null)
   select ${WITH_FACTS} from payments.payment where merchant in (select each.merchant from each) and id = $1`,
)
export const FACTS = statement<{ payment: PaymentId; body: Fact }>(
  'payments.facts',
  'select payment, body from payments.fact where merchant = $1 and payment = any($2)',
)

export type Loaded = { readonly row: PaymentRow; readonly facts: readonly Fact[] }

/**
 * The payment under its lock. Its facts are a statement of their own, answered after the lock is held, so that nothing newer is missed;
 * both are sent at once.
 */
export const lockPayment = async (tx: Tx, merchant: string, id: string): Promise<Loaded | undefined> => {
  const [[row], facts] = await Promise.all([tx.query(LOCK, [merchant, id]), tx.query(FACTS, [merchant, [id]])])
  return row && { row, facts: facts.map(({ body }) => body) }
}

const loadedOf = ([whole]: readonly Whole[]): Loaded | undefined => {
  if (!whole) return undefined
  const { facts, ...row } = whole
  return { row, facts }
}

export const loadPayment = async (db: Queryable, merchant: string, id: string): Promise<Loaded | undefined> =>
  loadedOf(await db.query(GET, [merchant, id]))
export const loadByToken = async (db: Queryable, token: string): Promise<Loaded | undefined> =>
  loadedOf(await db.query(BY_TOKEN, [token]))
/** For operators, who know no merchant. */
export const loadById = async (db: Queryable, id: string): Promise<Loaded | undefined> =>
  loadedOf(await db.query(BY_ID, [id]))

const SAME_REFERENCE = statement<{ id: PaymentId }>(
  'payments.same-reference',
  'select id from payments.payment where merchant = $1 and e_service = $2 and reference = $3 and id <> $4',
)
export const othersOfReference = async (db: Queryable, row: PaymentRow): Promise<readonly PaymentId[]> =>
  (await db.query(SAME_REFERENCE, [row.merchant, row.eService, row.reference, row.id])).map((other) => other.id)

const WRITE = statement(
  'payments.write',
  `with facts as (
     insert into payments.fact (merchant, payment, key, at, body)
     select $1, $2, fact ->> 'key', to_timestamp((fact ->> 'at')::numeric / 1000), fact from jsonb_array_elements($3::jsonb) as fact)
   update payments.payment
   set status = $4, attention = $5, holds_reference = holds_reference and $6, sequence = $7, changed_at = $8
   where merchant = $1 and id = $2`,
)

/** Appends facts and writes the row after them, in one statement. */
export const writePayment = async (
  tx: Queryable,
  row: PaymentRow,
  facts: readonly Fact[],
  state: PaymentState,
  sequence: number,
  now: Instant,
): Promise<void> => {
  const freed = state.final && state.status !== 'executed'
  await tx.query(WRITE, [
    row.merchant,
    row.id,
    JSON.stringify(facts),
    state.status,
    state.attention.map((attention) => attention.flag),
    !freed,
    sequence,
    at(now),
  ])
}
