import type { ListedChannel } from '../channels/channel.ts'
import type { Random } from '../kernel/ids.ts'
import { inLanguage } from '../kernel/language.ts'
import { type Clock, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { type MasterKeys, openSealer } from '../platform/crypto/index.ts'
import type { Db } from '../platform/db/db.ts'
import { agreementWith } from './agreement.ts'
import { exportFile } from './cma-export.ts'
import * as commands from './commands.ts'
import type { Caller, Merchants, Mode, OpenAgreement } from './directory.ts'
import { findingsOf } from './findings.ts'
import { looksLikeApiKey } from './keys.ts'
import { type Picture, pictureOf } from './picture.ts'
import { makeReady, type Ready } from './ready.ts'
import { sheetOf } from './sheet.ts'
import { CHANGED, noteUse, readRevision, readStored } from './store.ts'
import type { StoredAgreement, StoredApiKey } from './stored.ts'
import type { Wanted } from './wanted.ts'

export type MerchantsOptions = {
  readonly db: Db
  /** Those this hub has; in live mode without simulated ones. */
  readonly channels: readonly ListedChannel[]
  readonly masterKeys: MasterKeys
  readonly clock: Clock
  readonly random: Random
  /** True in test mode, and only there. */
  readonly allowFixtures: boolean
  /** Milliseconds that only go forward, for the age of the picture: a test's clock may stand still. */
  readonly elapsedMs?: (() => number) | undefined
}

/** How old the picture may be; a revoked key is taken no longer than this. */
const MAX_AGE_MS = SECOND_MS

/** The personalisation database as the hub uses it, and the commands that change it. `close` it before the database. */
export const openMerchants = async (options: MerchantsOptions) => {
  const { db, channels, clock, random } = options
  const mode: Mode = options.allowFixtures ? 'test' : 'live'
  const sealer = openSealer(options.masterKeys, random)
  const means: commands.Means = { db, sealer, clock, random, mode }
  const tools = { channels, mode, materialOf: commands.materialIn(sealer) }
  const pictures = keepPicture(db, options.elapsedMs ?? (() => performance.now()))
  const noted = keepNoting(db)
  const ready = keepReady((agreement) => makeReady(agreement, tools))
  const stopListening = await db.listen(CHANGED, pictures.forget)

  const after = async <Value>(change: Promise<Value>): Promise<Value> => {
    const value = await change
    pictures.forget()
    return value
  }

  const caller = async (key: string): Promise<Caller | undefined> => {
    if (!looksLikeApiKey(key, mode)) return undefined
    const picture = await pictures.now()
    const found = picture.apiKey(key)
    const eService = found && picture.directory.eServices.get(found.eService)
    if (!found || !eService || eService.retired || eService.mode !== mode) return undefined
    noted(found, clock.now())
    return { eService, keyId: found.id, scopes: found.scopes, mode }
  }

  const open = async (agreementId: string, now: Instant): Promise<OpenAgreement | undefined> => {
    const { directory, agreements } = await pictures.now()
    const stored = agreements.get(agreementId)
    const record = directory.agreements.get(agreementId)
    const merchant = directory.merchants.get(stored?.merchant ?? '')
    const account = merchant?.accounts.find(({ id }) => id === stored?.account)
    if (!stored || !record || !merchant || !account) return undefined
    const { channel, settings, ring } = ready(stored)
    const nonce = Buffer.from(random(16)).toString('hex')
    return {
      record,
      merchant,
      payee: { iban: account.iban, name: inLanguage(merchant.name, 'lv') },
      channel,
      agreement: agreementWith({ id: agreementId, settings, ring, now, nonce }),
      credentials: async (key) => ring.credentials(key, now),
    }
  }

  const merchants: Merchants = { directory: async () => (await pictures.now()).directory, caller, open }
  return {
    ...merchants,
    plan: (wanted: Wanted, apply: commands.ApplyOptions) => commands.planFile(means, wanted, apply),
    apply: (wanted: Wanted, apply: commands.ApplyOptions & { readonly confirmed?: number }) =>
      after(commands.applyFile(means, wanted, apply)),
    createApiKey: (order: commands.ApiKeyOrder) => after(commands.createApiKey(means, order)),
    revokeApiKey: (id: string) => after(commands.revokeApiKey(means, id)),
    /** Those that are taken, of one e-service or of all. */
    apiKeys: async (eService?: string) =>
      (await readStored(db)).apiKeys.filter((key) => eService === undefined || key.eService === eService),
    announcePause: (agreement: string, pause: commands.Pause) => after(commands.announcePause(means, agreement, pause)),
    sealed: () => commands.sealedKeys(means),
    rotateMasterKey: () => after(commands.rotateMasterKey(means)),
    findings: async () => findingsOf(await readStored(db), tools, clock.now()),
    /** That of every agreement. */
    sheets: async () => {
      const stored = await readStored(db)
      return stored.agreements.flatMap(({ id }) => sheetOf(stored, id, tools, clock.now()) ?? [])
    },
    /** What to give the bank of an agreement, and what is held of the bank's; never a secret. */
    sheet: async (agreement: string) => sheetOf(await readStored(db), agreement, tools, clock.now()),
    exportFile: async (notices: Pick<commands.NoticeAddresses, 'addressesOf'>) => {
      const stored = await readStored(db)
      const addresses = new Map<string, readonly string[]>()
      for (const { id } of stored.eServices) addresses.set(id, await notices.addressesOf(id))
      return exportFile(stored, addresses)
    },
    close: stopListening,
  }
}

export type MerchantsModule = Awaited<ReturnType<typeof openMerchants>>

/** One picture for everybody; whether it is the newest is asked at most once a second, or at once after a NOTIFY. */
const keepPicture = (db: Db, elapsedMs: () => number) => {
  let picture: Picture | undefined
  let checkedAt = Number.NEGATIVE_INFINITY
  /** Counts what was told to have changed: an answer from before that is given to who asked before, and not kept. */
  let changes = 0
  let refreshing: Promise<Picture> | undefined
  const refresh = async (): Promise<Picture> => {
    const [askedAt, changesBefore, known] = [elapsedMs(), changes, picture]
    const isNewest = known !== undefined && (await readRevision(db)) === known.directory.revision
    const made = isNewest ? known : pictureOf(await readStored(db))
    if (changes === changesBefore) {
      picture = made
      checkedAt = askedAt
    }
    return made
  }
  const refreshOnce = (): Promise<Picture> => {
    const running = refresh().finally(() => {
      if (refreshing === running) refreshing = undefined
    })
    return running
  }
  return {
    async now(): Promise<Picture> {
      if (picture && elapsedMs() - checkedAt < MAX_AGE_MS) return picture
      refreshing ??= refreshOnce()
      return refreshing
    },
    forget(): void {
      changes += 1
      checkedAt = Number.NEGATIVE_INFINITY
      refreshing = undefined
    },
  }
}

/** Parsed and opened once for each picture. */
const keepReady = (make: (agreement: StoredAgreement) => Ready) => {
  const made = new WeakMap<StoredAgreement, Ready>()
  return (agreement: StoredAgreement): Ready => {
    const known = made.get(agreement) ?? make(agreement)
    made.set(agreement, known)
    return known
  }
}

/** Writes the last use of a key at most once a minute, beside the request; one that could not be written is written by a later use. */
const keepNoting = (db: Db) => {
  const notedAt = new Map<string, Instant>()
  return (key: StoredApiKey, now: Instant): void => {
    if (now - (notedAt.get(key.id) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return
    notedAt.set(key.id, now)
    noteUse(db, key, now).catch(() => notedAt.delete(key.id))
  }
}
