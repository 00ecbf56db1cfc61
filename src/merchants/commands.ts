import { newId, type Random } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Clock, Instant } from '../kernel/time.ts'
import {
  countSealed,
  factsOf,
  type KeyMaterial,
  materialFromText,
  materialToText,
  type SealedCount,
  type Sealer,
  sealAnew,
} from '../platform/crypto/index.ts'
import type { Db, Queryable, Tx } from '../platform/db/db.ts'
import type { AgreementRecord, Mode } from './directory.ts'
import { hashOfApiKey, newApiKey, SCOPES } from './keys.ts'
import type { Problem } from './located.ts'
import { isDone, type Plan, planOf } from './plan.ts'
import type { KeyWrites } from './plan-keys.ts'
import * as store from './store.ts'
import type { Stored, StoredKey } from './stored.ts'
import type { Wanted, WantedAgreement } from './wanted.ts'

/** Where e-services' notices go is another module's; this one is told how to ask and how to set. */
export type NoticeAddresses = {
  addressesOf(eService: string): Promise<readonly string[]>
  setAddresses(tx: Queryable, merchant: string, eService: string, urls: readonly string[], now: Instant): Promise<void>
}

export type Pause = AgreementRecord['pause']

export type Means = {
  readonly db: Db
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: Random
  readonly mode: Mode
}

export type ApplyOptions = {
  readonly notices: NoticeAddresses
  /** Retires what is in the database and not in the file. */
  readonly prune?: boolean
}

type Planned = Result<Plan, readonly Problem[]>

/** The difference, to be shown before it is made none. */
export const planFile = async (means: Means, wanted: Wanted, options: ApplyOptions): Promise<Planned> =>
  planIn(means, means.db, wanted, options)

/**
 * Makes the file true in one transaction and raises the revision; changes nothing when it is true already. `confirmed` is the revision
 * whose difference a person saw: a database that moved on since is refused with `changed_meanwhile`.
 */
export const applyFile = (
  means: Means,
  wanted: Wanted,
  options: ApplyOptions & { readonly confirmed?: number },
): Promise<Result<Plan, readonly Problem[] | 'changed_meanwhile'>> =>
  means.db.tx(async (tx) => {
    const revision = await store.lockRevision(tx)
    if (options.confirmed !== undefined && options.confirmed !== revision) return fail('changed_meanwhile')
    const plan = await planIn(means, tx, wanted, options)
    if (!plan.ok || isDone(plan.value)) return plan
    await write(means, tx, plan.value, options.notices)
    return plan
  })

const planIn = async (means: Means, db: Queryable, wanted: Wanted, options: ApplyOptions): Promise<Planned> => {
  const stored = await store.readStored(db)
  const eServices = wanted.merchants.flatMap((merchant) => merchant.eServices.map(({ id }) => id))
  const notices = new Map<string, readonly string[]>()
  for (const eService of eServices) notices.set(eService, await options.notices.addressesOf(eService))
  const known = { stored, notices, materialOf: materialIn(means.sealer) }
  return planOf(wanted, known, options.prune === true)
}

/** Whose a key is: sealed text opens for no other. */
const about = (merchant: string, agreement: string, name: string): readonly string[] => [
  'agreement-key',
  merchant,
  agreement,
  name,
]

/** Opens stored keys. Throws `CannotOpen` under the wrong master key. */
export const materialIn =
  (sealer: Sealer) =>
  (agreement: Pick<AgreementRecord, 'merchant' | 'id'>, key: StoredKey): KeyMaterial =>
    materialFromText(key.kind, sealer.open(key.sealed, about(agreement.merchant, agreement.id, key.name)).reveal())

const write = async (means: Means, tx: Tx, { writes }: Plan, notices: NoticeAddresses): Promise<void> => {
  const now = means.clock.now()
  for (const merchant of writes.merchants) await store.putMerchant(tx, merchant, now)
  for (const { agreement, keys } of writes.agreements) {
    await store.putAgreement(tx, agreement, now)
    await writeKeys(means, tx, agreement, keys, now)
  }
  for (const { place: _place, notices: _notices, ...eService } of writes.eServices) {
    await store.putEService(tx, eService, now)
  }
  for (const each of writes.notices) await notices.setAddresses(tx, each.merchant, each.eService, each.urls, now)
  for (const each of writes.retire.eServices) await store.retireEService(tx, each, now)
  for (const each of writes.retire.agreements) await store.retireAgreement(tx, each, now)
  await store.raiseRevision(tx, now)
}

const writeKeys = async (
  { sealer, random }: Means,
  tx: Tx,
  agreement: WantedAgreement,
  keys: KeyWrites,
  now: Instant,
): Promise<void> => {
  for (const key of keys.takenOut) await store.takeOutKey(tx, agreement, key.id, now)
  for (const { stored, wanted } of keys.dated) await store.dateKey(tx, agreement, stored.id, wanted)
  for (const { place: _place, key: material, ...key } of keys.added) {
    const sealed = sealer.seal(materialToText(material), about(agreement.merchant, agreement.id, key.name))
    const id = newId('key', now, random)
    await store.addKey(tx, agreement, { ...key, id, kind: material.kind, ...factsOf(material), sealed })
  }
}

export type ApiKeyOrder = {
  readonly eService: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly now: Instant
}

/** A new API key of an e-service; `key` is shown this once. Errors: a sentence. */
export const createApiKey = (
  { db, random, mode }: Means,
  order: ApiKeyOrder,
): Promise<Result<{ readonly id: string; readonly key: string }, string>> => {
  const unknown = order.scopes.find((scope) => !SCOPES.includes(scope))
  if (unknown !== undefined)
    return Promise.resolve(fail(`there is no scope "${unknown}": there is ${SCOPES.join(', ')}`))
  const id = newId('key', order.now, random)
  const key = newApiKey(mode, random)
  return db.tx(async (tx) => {
    await store.lockRevision(tx)
    const { eServices } = await store.readStored(tx)
    const eService = eServices.find((candidate) => candidate.id === order.eService)
    if (!eService) return fail(`there is no e-service "${order.eService}": apply a cma.yaml with it first`)
    if (eService.retired) return fail(`the e-service "${order.eService}" is retired`)
    if (eService.mode !== mode)
      return fail(`the e-service "${order.eService}" is for ${eService.mode} mode; this hub runs in ${mode} mode`)
    const { merchant } = eService
    const { name, scopes } = order
    const hash = hashOfApiKey(key)
    await store.addApiKey(tx, { id, merchant, eService: order.eService, name, scopes, hash, createdAt: order.now })
    await store.raiseRevision(tx, order.now)
    return ok({ id, key })
  })
}

/** Ends an API key; within a second no node takes it any more. False when there is no such key, or it is revoked already. */
export const revokeApiKey = ({ db, clock }: Means, id: string): Promise<boolean> =>
  changing(
    db,
    async (tx, stored) => {
      const key = stored.apiKeys.find((candidate) => candidate.id === id)
      return key !== undefined && (await store.revokeApiKey(tx, key, clock.now()))
    },
    clock,
  )

/** Announces that a channel is out of order for a while, or (`undefined`) takes that back. False when there is no such agreement. */
export const announcePause = ({ db, clock }: Means, id: string, pause: Pause): Promise<boolean> =>
  changing(
    db,
    async (tx, stored) => {
      const agreement = stored.agreements.find((candidate) => candidate.id === id)
      if (agreement) await store.putPause(tx, agreement, pause, clock.now())
      return agreement !== undefined
    },
    clock,
  )

/** Whether the stored keys open, those that were taken out too. */
export const sealedKeys = async ({ db, sealer }: Means): Promise<SealedCount> => {
  const rows = await store.readSealed(db)
  return countSealed(
    sealer,
    rows.map(({ sealed, merchant, agreement, name }) => ({ sealed, about: about(merchant, agreement, name) })),
  )
}

/** Seals every stored key under the newest master key; afterwards the older ones may go. Returns how many were sealed again. */
export const rotateMasterKey = ({ db, sealer, clock }: Means): Promise<number> =>
  db.tx(async (tx) => {
    await store.lockRevision(tx)
    const older = (await store.readSealed(tx)).filter(({ sealed }) => !sealer.isCurrent(sealed))
    for (const row of older) {
      await store.resealKey(tx, row, sealAnew(sealer, row.sealed, about(row.merchant, row.agreement, row.name)))
    }
    if (older.length > 0) await store.raiseRevision(tx, clock.now())
    return older.length
  })

const changing = (db: Db, work: (tx: Tx, stored: Stored) => Promise<boolean>, clock: Clock): Promise<boolean> =>
  db.tx(async (tx) => {
    await store.lockRevision(tx)
    const changed = await work(tx, await store.readStored(tx))
    if (changed) await store.raiseRevision(tx, clock.now())
    return changed
  })
