import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** The hub's own keys, which sign return tokens and receipts. */

export type SigningKeyRow = {
  readonly id: string
  /** Sealed; empty once it is spent. */
  readonly privateKey: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly signsFrom: Instant
  readonly shownUntil: Instant | null
}
const SIGNING_KEYS = statement<SigningKeyRow>(
  'payments.signing-keys',
  `select id, private_key as "privateKey", public_jwk as "publicJwk", signs_from as "signsFrom", shown_until as "shownUntil"
   from payments.signing_key order by signs_from desc, id`,
)
export const signingKeys = (db: Queryable) => db.query(SIGNING_KEYS)

const FIRST_SIGNING_KEY = statement(
  'payments.first-signing-key',
  `insert into payments.signing_key (id, private_key, public_jwk, signs_from)
   select $1, $2, $3, $4 where not exists (select 1 from payments.signing_key where private_key <> '')`,
)
const INSERT_SIGNING_KEY = statement(
  'payments.insert-signing-key',
  `with former as (update payments.signing_key set shown_until = $5 where shown_until is null)
   insert into payments.signing_key (id, private_key, public_jwk, signs_from) values ($1, $2, $3, $4)`,
)
const keyValues = (key: SigningKeyRow) => [key.id, key.privateKey, JSON.stringify(key.publicJwk), at(key.signsFrom)]
export const insertFirstSigningKey = async (db: Queryable, key: SigningKeyRow): Promise<void> => {
  await db.query(FIRST_SIGNING_KEY, keyValues(key))
}
/** A new key from its time on. A hub of the release before shows the former ones until `formerUntil`; here that is when they are spent. */
export const insertSigningKey = async (db: Queryable, key: SigningKeyRow, formerUntil: Instant): Promise<void> => {
  await db.query(INSERT_SIGNING_KEY, [...keyValues(key), at(formerUntil)])
}

const SPEND_SIGNING_KEYS = statement(
  'payments.spend-signing-keys',
  "update payments.signing_key set private_key = '' where shown_until < $1 and private_key <> ''",
)
/** Destroys the private halves of keys that were followed by another; their public halves stay, for receipts. */
export const spendSigningKeys = async (db: Queryable, now: Instant): Promise<void> => {
  await db.query(SPEND_SIGNING_KEYS, [at(now)])
}

const DELETE_SIGNING_KEY = statement<{ id: string }>(
  'payments.delete-signing-key',
  'delete from payments.signing_key where id = $1 returning id',
)
/** False when there is none. */
export const deleteSigningKey = async (db: Queryable, id: string): Promise<boolean> =>
  (await db.query(DELETE_SIGNING_KEY, [id])).length > 0

const RESEAL = statement<{ id: string }>(
  'payments.reseal-signing-key',
  'update payments.signing_key set private_key = $3 where id = $1 and private_key = $2 returning id',
)
/** The same key sealed otherwise; false when it is no longer as it was read. */
export const resealSigningKey = async (db: Queryable, key: SigningKeyRow, sealed: string): Promise<boolean> =>
  (await db.query(RESEAL, [key.id, key.privateKey, sealed])).length > 0
