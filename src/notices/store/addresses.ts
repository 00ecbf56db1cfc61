import type { EventId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'

/** Addresses of e-services and the keys that sign to them. */

export type AddressRow = {
  readonly merchant: string
  readonly id: string
  readonly url: string
  readonly disabled: boolean
  /** Of the newest key. */
  readonly sealed: string
}

const OF_E_SERVICE = statement<AddressRow>(
  'notices.addresses',
  `select a.merchant, a.id, a.url, a.disabled_at is not null as disabled, (
     select k.sealed from notices.signing_key k where k.address = a.id and k.merchant = a.merchant and k.ends_at is null
     order by k.made_at desc, k.id desc limit 1) as sealed
   from notices.address a where a.e_service = $1 order by a.made_at, a.url`,
)

export const addressesOf = (db: Queryable, eService: string): Promise<readonly AddressRow[]> =>
  db.query(OF_E_SERVICE, [eService])

/** How it goes with one address. */
export type AddressCondition = {
  readonly eService: string
  readonly url: string
  /** It answered 410, and hears nothing more. */
  readonly gone: boolean
  /** Notices that were tried and not acknowledged, counted to 1,000; `since` when the oldest is owed. */
  readonly failing: number
  readonly since: Instant | null
}

/** One failure happens; two in a row are worth a word. */
const CONDITIONS = statement<AddressCondition>(
  'notices.conditions',
  `select a.e_service as "eService", a.url, a.disabled_at is not null as gone, owed.failing, owed.since
   from notices.address a cross join lateral (
     select count(*)::int as failing, min(since) as since from (
       select since from notices.dispatch d where d.address = a.id and d.merchant = a.merchant and d.step >= 2 limit 1000) tried) owed
   where (a.disabled_at is null and owed.failing > 0) or a.disabled_because = 'gone'
   order by a.e_service, a.url limit 1000`,
)

/** Addresses in trouble. */
export const troubledAddresses = (db: Queryable): Promise<readonly AddressCondition[]> => db.query(CONDITIONS)

const PUT = statement<{ readonly isNew: boolean }>(
  'notices.put_address',
  `insert into notices.address as a (merchant, e_service, id, url, made_at) values ($1, $2, $3, $4, $5)
   on conflict (e_service, url, merchant) do update set disabled_at = null, disabled_because = null
   returning a.id = $3 as "isNew"`,
)

/** Makes an address, or puts a disabled one to use again. Returns whether it is new, and so needs a key. */
export const putAddress = async (
  tx: Queryable,
  address: { readonly merchant: string; readonly eService: string; readonly id: string; readonly url: string },
  now: Instant,
): Promise<boolean> => {
  const [row] = await tx.query(PUT, [address.merchant, address.eService, address.id, address.url, at(now)])
  return row?.isNew ?? false
}

const PUT_KEY = statement(
  'notices.put_key',
  'insert into notices.signing_key (merchant, address, id, sealed, made_at) values ($1, $2, $3, $4, $5)',
)

export type KeyRow = {
  readonly merchant: string
  readonly address: string
  readonly id: string
  readonly sealed: string
}

export const putKey = async (tx: Queryable, key: KeyRow, now: Instant): Promise<void> => {
  await tx.query(PUT_KEY, [key.merchant, key.address, key.id, key.sealed, at(now)])
}

const SEALED = statement<KeyRow>(
  'notices.sealed_keys',
  `select merchant, address, id, sealed from notices.signing_key
   where (address, id, merchant) > ($1, $2, $3) order by address, id, merchant limit $4`,
)

/** A page of all keys, those that end too; after a row's own. */
export const sealedKeys = (
  db: Queryable,
  after: Pick<KeyRow, 'merchant' | 'address' | 'id'>,
  limit: number,
): Promise<readonly KeyRow[]> => db.query(SEALED, [after.address, after.id, after.merchant, limit])

const RESEAL = statement<{ readonly id: string }>(
  'notices.reseal_keys',
  `update notices.signing_key k set sealed = f.next
   from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as f (address, id, merchant, former, next)
   where k.address = f.address and k.id = f.id and k.merchant = f.merchant and k.sealed = f.former returning k.id`,
)

/** The same keys sealed otherwise. Returns how many were still as they were read. */
export const putResealed = async (
  db: Queryable,
  keys: readonly (KeyRow & { readonly next: string })[],
): Promise<number> => {
  const column = (pick: (key: KeyRow & { readonly next: string }) => string) => keys.map(pick)
  const owners = [column(({ address }) => address), column(({ id }) => id), column(({ merchant }) => merchant)]
  const rows = await db.query(RESEAL, [...owners, column(({ sealed }) => sealed), column(({ next }) => next)])
  return rows.length
}

const END_KEYS = statement(
  'notices.end_keys',
  `update notices.signing_key k set ends_at = $2 from notices.address a
   where a.e_service = $1 and k.address = a.id and k.merchant = a.merchant and k.ends_at is null`,
)

/** The present keys of an e-service's addresses sign until then, and no longer. */
export const endKeys = async (tx: Queryable, eService: string, endsAt: Instant): Promise<void> => {
  await tx.query(END_KEYS, [eService, at(endsAt)])
}

const FORGET_KEYS = statement('notices.forget_keys', 'delete from notices.signing_key where ends_at < $1')

export const forgetKeys = async (db: Queryable, endedBefore: Instant): Promise<void> => {
  await db.query(FORGET_KEYS, [at(endedBefore)])
}

const DISABLE_OTHERS = statement(
  'notices.disable_others',
  `update notices.address set disabled_at = $3, disabled_because = 'removed'
   where e_service = $1 and disabled_at is null and not url = any ($2::text[])`,
)

export const disableOthers = async (
  tx: Queryable,
  eService: string,
  urls: readonly string[],
  now: Instant,
): Promise<void> => {
  await tx.query(DISABLE_OTHERS, [eService, urls, at(now)])
}

const DROP_GONE = statement(
  'notices.drop_gone',
  `update notices.address set disabled_because = 'removed'
   where e_service = $1 and disabled_because = 'gone' and not url = any ($2::text[])`,
)

/** An address that wanted no more and is not configured any longer concerns nobody. */
export const dropGone = async (tx: Queryable, eService: string, urls: readonly string[]): Promise<void> => {
  await tx.query(DROP_GONE, [eService, urls])
}

const DISABLE_GONE = statement(
  'notices.disable_gone',
  `update notices.address set disabled_at = $2, disabled_because = 'gone' where id = any ($1::text[]) and disabled_at is null`,
)

export const disableGone = async (tx: Queryable, addresses: readonly string[], now: Instant): Promise<void> => {
  await tx.query(DISABLE_GONE, [addresses, at(now)])
}

const FORGIVE = statement(
  'notices.forgive',
  `delete from notices.dispatch d using notices.address a
   where a.disabled_at is not null and d.address = a.id and d.merchant = a.merchant`,
)

/** Nothing more is owed to addresses that are disabled: who comes back reads the feed. */
export const forgiveDisabled = async (db: Queryable): Promise<void> => {
  await db.query(FORGIVE)
}

/** How an address stands: what may need a person. */
export type Standing = {
  readonly merchant: string
  readonly eService: string
  readonly id: string
  readonly url: string
  /** When it said that it wants no more. */
  readonly goneAt: Instant | null
  /** When a notice to it was last given up. */
  readonly gaveUpAt: Instant | null
  /** Since when it owes an acknowledgement, and of what; while it is in use. */
  readonly owedSince: Instant | null
  readonly oldest: EventId | null
}

const STANDING = statement<Standing>(
  'notices.standing',
  `select a.merchant, a.e_service as "eService", a.id, a.url,
     case when a.disabled_because = 'gone' then a.disabled_at end as "goneAt",
     (select max(g.at) from notices.gave_up g where g.address = a.id and g.merchant = a.merchant) as "gaveUpAt",
     owed.since as "owedSince", owed.event as oldest
   from notices.address a left join lateral (
     select d.since, d.event from notices.dispatch d
     where a.disabled_at is null and d.address = a.id and d.merchant = a.merchant order by d.since, d.event limit 1) owed on true
   where a.id = any ($1::text[]) order by a.id`,
)
export const standingOf = (db: Queryable, addresses: readonly string[]): Promise<readonly Standing[]> =>
  db.query(STANDING, [addresses])

const SILENT = statement<{ readonly address: string }>(
  'notices.silent',
  `select distinct d.address from notices.dispatch d join notices.address a on a.id = d.address and a.merchant = d.merchant
   where d.since <= $1 and a.disabled_at is null`,
)
/** Addresses in use that have left something unacknowledged since then. Walks all that is owed. */
export const silentAddresses = async (db: Queryable, owedBy: Instant): Promise<readonly string[]> =>
  (await db.query(SILENT, [at(owedBy)])).map(({ address }) => address)
