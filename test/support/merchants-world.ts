import { randomBytes } from 'node:crypto'
import {
  type MerchantsModule,
  type MerchantsOptions,
  type NoticeAddresses,
  openMerchants,
  type Plan,
  readCmaFile,
  showProblem,
  type Wanted,
} from '../../src/merchants/index.ts'
import { type MasterKeys, parseMasterKeys } from '../../src/platform/crypto/index.ts'
import type { Db } from '../../src/platform/db/db.ts'
import { freshDatabase } from './database.ts'
import { exampleChannels, exampleFiles, exampleNow, sourcesOf } from './merchants.ts'

/** Throw-away master keys. */
export const FIRST_KEY = Buffer.alloc(32, 1).toString('base64')
export const SECOND_KEY = Buffer.alloc(32, 2).toString('base64')

export const masterKeys = (text: string): MasterKeys => {
  const keys = parseMasterKeys(text)
  if (!keys.ok) throw new Error(keys.error)
  return keys.value
}

type Files = Readonly<Record<string, string>>

/** A `cma.yaml` of the example's files, read. */
export const wantedOf = async (text: string, files: Files = exampleFiles): Promise<Wanted> => {
  const result = await readCmaFile({
    file: 'cma.yaml',
    text,
    channels: exampleChannels,
    sources: sourcesOf(files),
    mode: 'test',
    now: exampleNow,
  })
  if (!result.ok) throw new Error(result.error.map(showProblem).join('\n'))
  return result.value
}

/** Where notices go, as the module that owns them would keep it. */
const addressBook = (): NoticeAddresses & { readonly urls: ReadonlyMap<string, readonly string[]> } => {
  const urls = new Map<string, readonly string[]>()
  return {
    urls,
    addressesOf: async (eService) => urls.get(eService) ?? [],
    setAddresses: async (_tx, _merchant, eService, wanted) => {
      urls.set(eService, wanted)
    },
  }
}

export type MerchantsWorld = {
  readonly db: Db
  readonly merchants: MerchantsModule
  readonly notices: ReturnType<typeof addressBook>
  /** The hub's clock, and the milliseconds that passed for the picture; both stand still until they are moved. */
  readonly time: { now: number; elapsedMs: number }
  /** Another node on the same database; closed with the world. */
  node(over?: Partial<MerchantsOptions>): Promise<MerchantsModule>
  apply(text: string, options?: { readonly prune?: boolean; readonly files?: Files }): Promise<Plan>
  /** What apply refuses, as it is shown. */
  refusal(text: string): Promise<string>
  close(): Promise<void>
}

/** The personalisation database on a fresh database, in test mode. */
export const merchantsWorld = async (): Promise<MerchantsWorld> => {
  const database = await freshDatabase()
  const time = { now: exampleNow, elapsedMs: 0 }
  const notices = addressBook()
  const nodes: MerchantsModule[] = []
  const node = async (over: Partial<MerchantsOptions> = {}): Promise<MerchantsModule> => {
    const opened = await openMerchants({
      db: database.db,
      channels: exampleChannels,
      masterKeys: masterKeys(FIRST_KEY),
      clock: { now: () => time.now },
      random: randomBytes,
      allowFixtures: true,
      elapsedMs: () => time.elapsedMs,
      ...over,
    })
    nodes.push(opened)
    return opened
  }
  const merchants = await node()
  return {
    db: database.db,
    merchants,
    notices,
    time,
    node,
    apply: async (text, { prune = false, files } = {}) => {
      const result = await merchants.apply(await wantedOf(text, files), { notices, prune })
      if (!result.ok) throw new Error(JSON.stringify(result.error))
      return result.value
    },
    refusal: async (text) => {
      const result = await merchants.apply(await wantedOf(text), { notices })
      if (result.ok || result.error === 'changed_meanwhile') throw new Error('was not refused')
      return result.error.map(showProblem).join('\n')
    },
    close: async () => {
      for (const opened of nodes) await opened.close()
      await database.drop()
    },
  }
}
