import { base32, newId, type Random } from '../kernel/ids.ts'
import { DAY_MS, type Instant } from '../kernel/time.ts'
import { countSealed, type SealedCount, type Sealer, sealAnew } from '../platform/crypto/index.ts'
import type { Db, Queryable } from '../platform/db/db.ts'
import type { NoticeAddress } from './events.ts'
import { newKeyText, openKeyText, type SigningKey } from './sign.ts'
import {
  addressesOf,
  disableOthers,
  dropGone,
  endKeys,
  forgetKeys,
  forgiveDisabled,
  type KeyRow,
  putAddress,
  putKey,
  putResealed,
  sealedKeys,
} from './store/addresses.ts'
import type { TaskKeeping } from './tasks.ts'

/** Where an e-service hears notices, and the keys each address is signed to with. Keys are sealed in the database. */
export type Addresses = {
  list(eService: string): Promise<readonly NoticeAddress[]>
  /** Those in use, without their keys. */
  urls(eService: string): Promise<readonly string[]>
  set(tx: Queryable, merchant: string, eService: string, urls: readonly string[], now: Instant): Promise<void>
  rotate(eService: string, now: Instant): Promise<void>
  open(owner: KeyOwner, sealed: readonly string[]): readonly SigningKey[]
  /** Seals every key under the newest master key; what was done before an interruption stays done. Returns how many. */
  reseal(): Promise<number>
  /** Whether the keys open. */
  sealed(): Promise<SealedCount>
  /** Deletes keys that no longer sign. */
  forget(now: Instant): Promise<void>
}

type KeyOwner = { readonly merchant: string; readonly address: string }

/** Former keys sign beside the new ones this long. */
const OVERLAP_MS = DAY_MS
/** Opened keys are kept: making one takes 0.1 ms. */
const OPENED_KEPT = 10_000
/** Keys sealed anew in one transaction: some 10 ms. */
const RESEALED_AT_ONCE = 500

export const openAddresses = (db: Db, seal: Sealer, random: Random, tasks: TaskKeeping): Addresses => {
  const opened = new Map<string, SigningKey>()

  const open = (owner: KeyOwner, sealed: string): SigningKey => {
    const known = opened.get(sealed)
    if (known) return known
    if (opened.size >= OPENED_KEPT) opened.clear()
    const key = openKeyText(seal.open(sealed, about(owner)).reveal())
    opened.set(sealed, key)
    return key
  }

  const putNewKey = (tx: Queryable, owner: KeyOwner, now: Instant): Promise<void> => {
    const sealed = seal.seal(newKeyText(random), about(owner))
    return putKey(tx, { ...owner, id: newId('key', now, random), sealed }, now)
  }

  return {
    list: async (eService) =>
      (await addressesOf(db, eService)).map(({ merchant, id, url, disabled, sealed }) => {
        const { secret, publicKey } = open({ merchant, address: id }, sealed)
        return { url, disabled, secret, publicKey }
      }),

    urls: async (eService) =>
      (await addressesOf(db, eService)).filter(({ disabled }) => !disabled).map(({ url }) => url),

    set: async (tx, merchant, eService, urls, now) => {
      for (const url of new Set(urls)) {
        const id = base32(random(10))
        const isNew = await putAddress(tx, { merchant, eService, id, url }, now)
        if (isNew) await putNewKey(tx, { merchant, address: id }, now)
      }
      await disableOthers(tx, eService, urls, now)
      await dropGone(tx, eService, urls)
      await forgiveDisabled(tx)
      await tasks.keepOpen(tx, eService)
    },

    rotate: (eService, now) =>
      db.tx(async (tx) => {
        const addresses = await addressesOf(tx, eService)
        await endKeys(tx, eService, now + OVERLAP_MS)
        for (const { merchant, id } of addresses) await putNewKey(tx, { merchant, address: id }, now)
      }),

    reseal: async () => {
      let count = 0
      for await (const page of pagesOfKeys(db)) {
        const older = page.filter(({ sealed }) => !seal.isCurrent(sealed))
        count += await putResealed(
          db,
          older.map((key) => ({ ...key, next: sealAnew(seal, key.sealed, about(key)) })),
        )
      }
      return count
    },

    sealed: async () => {
      const count = { current: 0, older: 0, closed: 0 }
      for await (const page of pagesOfKeys(db)) {
        const counted = countSealed(
          seal,
          page.map((key) => ({ sealed: key.sealed, about: about(key) })),
        )
        count.current += counted.current
        count.older += counted.older
        count.closed += counted.closed
      }
      return count
    },

    open: (owner, sealed) => sealed.map((text) => open(owner, text)),
    forget: (now) => forgetKeys(db, now),
  }
}

const about = ({ merchant, address }: KeyOwner): readonly string[] => ['notices', merchant, address]

async function* pagesOfKeys(db: Queryable): AsyncGenerator<readonly KeyRow[]> {
  let after: KeyRow | undefined
  do {
    const page = await sealedKeys(db, after ?? { merchant: '', address: '', id: '' }, RESEALED_AT_ONCE)
    if (page.length > 0) yield page
    after = page.length < RESEALED_AT_ONCE ? undefined : page.at(-1)
  } while (after)
}
