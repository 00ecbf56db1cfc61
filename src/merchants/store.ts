import type { Instant } from '../kernel/time.ts'
import type { KeyMaterial } from '../platform/crypto/index.ts'
import { at, type Queryable, statement } from '../platform/db/db.ts'
import type { AgreementRecord, Merchant, Mode } from './directory.ts'
import type { Logo } from './look.ts'
import type { Stored, StoredAgreement, StoredApiKey, StoredEService, StoredKey } from './stored.ts'
import type { OwnEService, WantedAgreement } from './wanted.ts'

/** All SQL of this module. Whoever changes something takes `lockRevision` first and `raiseRevision` last, in one transaction. */

/** NOTIFY channel: a newer revision was committed. */
export const CHANGED = 'merchants_changed'

const REVISION = statement<{ revision: number }>('merchants.revision', 'select revision from merchants.revision')
const LOCK_REVISION = statement<{ revision: number }>(
  'merchants.lock_revision',
  'select revision from merchants.revision for update',
)
const RAISE_REVISION = statement(
  'merchants.raise_revision',
  'update merchants.revision set revision = revision + 1, changed_at = $1',
)
const NOTIFY = statement('merchants.notify', `select pg_notify('${CHANGED}', '')`)

const revisionOf = (rows: readonly { revision: number }[]): number => {
  const [row] = rows
  if (!row) throw new Error('merchants.revision has no row: the migrations did not run to their end')
  return row.revision
}

export const readRevision = async (db: Queryable): Promise<number> => revisionOf(await db.query(REVISION))
export const lockRevision = async (tx: Queryable): Promise<number> => revisionOf(await tx.query(LOCK_REVISION))
export const raiseRevision = async (tx: Queryable, now: Instant): Promise<void> => {
  await tx.query(RAISE_REVISION, [at(now)])
  await tx.query(NOTIFY)
}

const MERCHANTS = statement<{ body: Merchant }>(
  'merchants.merchants',
  'select body from merchants.merchant order by merchant',
)

type LogoRow = { logo_type: Logo['type'] | null; logo: Uint8Array | null }
type AgreementBody = Omit<AgreementRecord, 'logo' | 'pause' | 'retired'> & { readonly logoHash?: string }
type AgreementRow = LogoRow & { body: AgreementBody; pause: AgreementRecord['pause'] | null; retired: boolean }
const AGREEMENTS = statement<AgreementRow>(
  'merchants.agreements',
  'select body, logo_type, logo, pause, retired from merchants.agreement order by merchant, agreement',
)

type EServiceBody = OwnEService & { readonly logoHash?: string }
type EServiceRow = LogoRow & { body: EServiceBody; retired: boolean }
const E_SERVICES = statement<EServiceRow>(
  'merchants.e_services',
  'select body, logo_type, logo, retired from merchants.e_service order by merchant, e_service',
)

type KeyRow = {
  agreement: string
  key: string
  name: string
  kind: KeyMaterial['kind']
  valid_from: Instant | null
  valid_to: Instant | null
  fingerprint: string | null
  not_after: Instant | null
  sealed: string
}
const KEYS = statement<KeyRow>(
  'merchants.keys',
  `select agreement, key, name, kind, valid_from, valid_to, fingerprint, not_after, sealed from merchants.agreement_key
   where taken_out_at is null order by agreement, name, valid_from nulls first, key`,
)

type ApiKeyRow = {
  merchant: string
  key: string
  e_service: string
  name: string
  scopes: readonly string[]
  hash: Uint8Array
  created_at: Instant
  last_used_at: Instant | null
}
const API_KEYS = statement<ApiKeyRow>(
  'merchants.api_keys',
  `select merchant, key, e_service, name, scopes, hash, created_at, last_used_at from merchants.api_key
   where revoked_at is null order by created_at, key`,
)

/** Everything, of one revision: reads again when a change was committed in between. */
export const readStored = async (db: Queryable): Promise<Stored> => {
  for (;;) {
    const revision = await readRevision(db)
    const merchants = await db.query(MERCHANTS)
    const agreements = await db.query(AGREEMENTS)
    const eServices = await db.query(E_SERVICES)
    const keys = await db.query(KEYS)
    const apiKeys = await db.query(API_KEYS)
    if ((await readRevision(db)) !== revision) continue
    return {
      revision,
      merchants: merchants.map(({ body }) => body),
      agreements: agreements.map((row) => agreementOf(row, keys)),
      eServices: eServices.map(eServiceOf),
      apiKeys: apiKeys.map(apiKeyOf),
    }
  }
}

const logoOfRow = (row: LogoRow, hash: string | undefined): { logo?: Logo } =>
  row.logo_type === null || row.logo === null
    ? {}
    : { logo: { type: row.logo_type, bytes: row.logo, hash: hash ?? '' } }

const agreementOf = (row: AgreementRow, keys: readonly KeyRow[]): StoredAgreement => {
  const { logoHash, ...body } = row.body
  return {
    ...body,
    ...(row.pause ? { pause: row.pause } : {}),
    ...logoOfRow(row, logoHash),
    retired: row.retired,
    keys: keys.filter(({ agreement }) => agreement === body.id).map(keyOf),
  }
}

const keyOf = (row: KeyRow): StoredKey => ({
  id: row.key,
  name: row.name,
  kind: row.kind,
  ...(row.valid_from === null ? {} : { from: row.valid_from }),
  ...(row.valid_to === null ? {} : { to: row.valid_to }),
  ...(row.fingerprint === null ? {} : { fingerprint: row.fingerprint }),
  ...(row.not_after === null ? {} : { notAfter: row.not_after }),
  sealed: row.sealed,
})

const eServiceOf = (row: EServiceRow): StoredEService => {
  const { logoHash, ...body } = row.body
  return { ...body, look: { ...body.look, ...logoOfRow(row, logoHash) }, retired: row.retired }
}

const apiKeyOf = (row: ApiKeyRow): StoredApiKey => ({
  id: row.key,
  merchant: row.merchant,
  eService: row.e_service,
  name: row.name,
  scopes: row.scopes,
  hash: row.hash,
  createdAt: row.created_at,
  ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
})

const PUT_MERCHANT = statement(
  'merchants.put_merchant',
  `insert into merchants.merchant (merchant, body, changed_at) values ($1, $2, $3)
   on conflict (merchant) do update set body = excluded.body, changed_at = excluded.changed_at`,
)

export const putMerchant = async (tx: Queryable, merchant: Merchant, now: Instant): Promise<void> => {
  await tx.query(PUT_MERCHANT, [merchant.id, JSON.stringify(merchant), at(now)])
}

const PUT_AGREEMENT = statement(
  'merchants.put_agreement',
  `insert into merchants.agreement (merchant, agreement, channel, body, logo_type, logo, retired, changed_at)
   values ($1, $2, $3, $4, $5, $6, false, $7)
   on conflict (merchant, agreement) do update set body = excluded.body, logo_type = excluded.logo_type, logo = excluded.logo,
     retired = false, changed_at = excluded.changed_at`,
)

export const putAgreement = async (tx: Queryable, wanted: WantedAgreement, now: Instant): Promise<void> => {
  const { place: _place, keys: _keys, logo, ...rest } = wanted
  const body: AgreementBody = { ...rest, ...(logo ? { logoHash: logo.hash } : {}) }
  const values = [wanted.merchant, wanted.id, wanted.channel, JSON.stringify(body), logo?.type, logo?.bytes, at(now)]
  await tx.query(PUT_AGREEMENT, values)
}

const PUT_E_SERVICE = statement(
  'merchants.put_e_service',
  `insert into merchants.e_service (merchant, e_service, mode, body, logo_type, logo, retired, changed_at)
   values ($1, $2, $3, $4, $5, $6, false, $7)
   on conflict (merchant, e_service) do update set body = excluded.body, logo_type = excluded.logo_type, logo = excluded.logo,
     retired = false, changed_at = excluded.changed_at`,
)

export const putEService = async (tx: Queryable, eService: OwnEService, now: Instant): Promise<void> => {
  const { logo, ...look } = eService.look
  const body: EServiceBody = { ...eService, look, ...(logo ? { logoHash: logo.hash } : {}) }
  const mode: Mode = eService.mode
  const values = [eService.merchant, eService.id, mode, JSON.stringify(body), logo?.type, logo?.bytes, at(now)]
  await tx.query(PUT_E_SERVICE, values)
}

const RETIRE_AGREEMENT = statement(
  'merchants.retire_agreement',
  'update merchants.agreement set retired = true, changed_at = $3 where merchant = $1 and agreement = $2',
)
const RETIRE_E_SERVICE = statement(
  'merchants.retire_e_service',
  'update merchants.e_service set retired = true, changed_at = $3 where merchant = $1 and e_service = $2',
)
const PAUSE = statement(
  'merchants.pause',
  'update merchants.agreement set pause = $3, changed_at = $4 where merchant = $1 and agreement = $2',
)

type Whose = { readonly merchant: string; readonly id: string }

export const retireAgreement = async (tx: Queryable, { merchant, id }: Whose, now: Instant): Promise<void> => {
  await tx.query(RETIRE_AGREEMENT, [merchant, id, at(now)])
}
export const retireEService = async (tx: Queryable, { merchant, id }: Whose, now: Instant): Promise<void> => {
  await tx.query(RETIRE_E_SERVICE, [merchant, id, at(now)])
}
export const putPause = async (
  tx: Queryable,
  { merchant, id }: Whose,
  pause: AgreementRecord['pause'],
  now: Instant,
): Promise<void> => {
  await tx.query(PAUSE, [merchant, id, pause === undefined ? null : JSON.stringify(pause), at(now)])
}

const ADD_KEY = statement(
  'merchants.add_key',
  `insert into merchants.agreement_key (merchant, agreement, key, name, kind, valid_from, valid_to, fingerprint, not_after, sealed)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
)
const DATE_KEY = statement(
  'merchants.date_key',
  'update merchants.agreement_key set valid_from = $4, valid_to = $5 where merchant = $1 and agreement = $2 and key = $3',
)
const TAKE_OUT_KEY = statement(
  'merchants.take_out_key',
  `update merchants.agreement_key set taken_out_at = $4, sealed = case when kind = 'public' then sealed end
   where merchant = $1 and agreement = $2 and key = $3`,
)
const SEALED = statement<SealedRow>(
  'merchants.sealed',
  'select merchant, agreement, key, name, sealed from merchants.agreement_key where sealed is not null',
)
const RESEAL_KEY = statement(
  'merchants.reseal_key',
  'update merchants.agreement_key set sealed = $4 where merchant = $1 and agreement = $2 and key = $3',
)

type SealedRow = { merchant: string; agreement: string; key: string; name: string; sealed: string }

/** Every sealed text, those of public keys that were taken out too. */
export const readSealed = (tx: Queryable): Promise<readonly SealedRow[]> => tx.query(SEALED)

const when = (instant: Instant | undefined): string | null => (instant === undefined ? null : at(instant))

export const addKey = async (tx: Queryable, { merchant, id }: Whose, key: StoredKey): Promise<void> => {
  const { name, kind, from, to, fingerprint, notAfter, sealed } = key
  const facts = [when(from), when(to), fingerprint ?? null, when(notAfter)]
  await tx.query(ADD_KEY, [merchant, id, key.id, name, kind, ...facts, sealed])
}
export const dateKey = async (
  tx: Queryable,
  { merchant, id }: Whose,
  key: string,
  dates: Pick<StoredKey, 'from' | 'to'>,
): Promise<void> => {
  await tx.query(DATE_KEY, [merchant, id, key, when(dates.from), when(dates.to)])
}
export const takeOutKey = async (tx: Queryable, { merchant, id }: Whose, key: string, now: Instant): Promise<void> => {
  await tx.query(TAKE_OUT_KEY, [merchant, id, key, at(now)])
}
export const resealKey = async (tx: Queryable, row: SealedRow, sealed: string): Promise<void> => {
  await tx.query(RESEAL_KEY, [row.merchant, row.agreement, row.key, sealed])
}

const ADD_API_KEY = statement(
  'merchants.add_api_key',
  `insert into merchants.api_key (merchant, key, e_service, name, scopes, hash, created_at) values ($1, $2, $3, $4, $5, $6, $7)
   on conflict (merchant, key) do nothing`,
)
const REVOKE_API_KEY = statement<{ key: string }>(
  'merchants.revoke_api_key',
  'update merchants.api_key set revoked_at = $3 where merchant = $1 and key = $2 and revoked_at is null returning key',
)
const NOTE_USE = statement(
  'merchants.note_use',
  'update merchants.api_key set last_used_at = $3 where merchant = $1 and key = $2 and last_used_at is distinct from $3',
)

export const addApiKey = async (tx: Queryable, key: StoredApiKey): Promise<void> => {
  const { merchant, id, eService, name, scopes, hash, createdAt } = key
  await tx.query(ADD_API_KEY, [merchant, id, eService, name, JSON.stringify(scopes), hash, at(createdAt)])
}
export const revokeApiKey = async (tx: Queryable, { merchant, id }: Whose, now: Instant): Promise<boolean> =>
  (await tx.query(REVOKE_API_KEY, [merchant, id, at(now)])).length > 0

/** Raises no revision: the picture does not hold it. */
export const noteUse = async (db: Queryable, { merchant, id }: Whose, now: Instant): Promise<void> => {
  await db.query(NOTE_USE, [merchant, id, at(now)])
}
