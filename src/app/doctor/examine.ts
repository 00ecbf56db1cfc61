import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock } from '../../kernel/time.ts'
import { paymentJobs } from '../../payments/index.ts'
import { type Embedded, startEmbedded } from '../../platform/db/embedded.ts'
import { migrationState } from '../../platform/db/migrate.ts'
import { serverStates } from '../../platform/db/state.ts'
import type { Log } from '../../platform/log.ts'
import { channelsFor } from '../channels.ts'
import { type Composed, compose, masterKeysOf, openStorage } from '../compose.ts'
import type { Config } from '../config.ts'
import { clockOf } from '../kept-time.ts'
import { MIGRATED_MODULES } from '../migrations.ts'
import { ofAddresses, ofFindings, ofSealed } from './configuration.ts'
import { ofDisk, ofMigrations, ofServers } from './database.ts'
import { error, type Found } from './found.ts'
import { ofJobs, ofNotices, ofTasks } from './work.ts'

export type Examination = {
  /** What was looked at; less where the database is away. */
  readonly looked: readonly string[]
  readonly findings: readonly Found[]
  readonly databaseAway: boolean
}

const IN_DATABASE = ['master key', 'agreements', 'addresses', 'jobs', 'notices', 'tasks'] as const

/** Looks at an installation from outside; a hub may run beside it. */
export const examine = async (config: Config, log: Log, clock?: Clock): Promise<Examination> => {
  if (config.databaseUrl !== undefined) return examineAt(config, config.databaseUrl, [], log, clock)
  const folder = join(resolve(config.dataDir), 'postgres')
  if (!existsSync(folder)) {
    const says = `nothing is set up in ${resolve(config.dataDir)} yet: name a database in DATABASE_URL, or run ebizness demo or ebizness migrate`
    return { looked: ['database'], findings: [error('database', says)], databaseAway: true }
  }
  let embedded: Embedded
  try {
    embedded = await startEmbedded({ dataDir: folder, log })
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault)
    return { looked: ['database'], findings: [error('database', why)], databaseAway: true }
  }
  try {
    return await examineAt(config, embedded.url, await ofDisk(embedded.home), log, clock)
  } finally {
    await embedded.stop()
  }
}

const examineAt = async (
  config: Config,
  url: string,
  ofFolder: readonly Found[],
  log: Log,
  clock?: Clock,
): Promise<Examination> => {
  const looked = ['database', 'clock', ...(config.databaseUrl === undefined ? ['disk'] : [])]
  const states = await serverStates(url)
  const found = [...ofServers(states, config), ...ofFolder]
  if (!states.some((state) => state.answers && state.writable)) return { looked, findings: found, databaseAway: true }
  const migrations = await migrationState({ url, modules: MIGRATED_MODULES, log })
  found.push(...ofMigrations(migrations))
  // Tables that are not as this release knows them cannot be asked.
  if (migrations.missing.length > 0) return { looked, findings: found, databaseAway: false }
  found.push(...(await examineStored(config, log, clock)))
  return { looked: [...looked, ...IN_DATABASE], findings: found, databaseAway: false }
}

const examineStored = async (config: Config, log: Log, given?: Clock): Promise<readonly Found[]> => {
  const storage = await openStorage(config, log)
  try {
    const { db } = storage
    // What waits beside a moved demo waits since a time that this machine has not reached.
    const clock = given ?? clockOf(config, storage.folder)
    const masterKeys = masterKeysOf(config, storage)
    const composed = await compose({ config, db, channels: channelsFor(config), masterKeys, clock, log })
    try {
      return await ofComposed(config, composed, clock)
    } finally {
      await composed.close(0)
    }
  } finally {
    await storage.close()
  }
}

const ofComposed = async (config: Config, composed: Composed, clock: Clock): Promise<readonly Found[]> => {
  const { merchants, notices, tokens, hub, desk } = composed
  const now = clock.now()
  const sealed = {
    agreements: await merchants.sealed(),
    'notice addresses': await notices.sealed(),
    'return tokens': await tokens.sealed(),
  }
  const directory = await merchants.directory()
  const urls = new Map<string, readonly string[]>()
  for (const id of directory.eServices.keys()) urls.set(id, await notices.urlsOf(id))
  const kinds = paymentJobs(hub, tokens).map(({ kind }) => kind)
  return [
    ...ofSealed(sealed),
    ...ofFindings(await merchants.findings()),
    ...ofAddresses(config, directory, urls),
    ...ofJobs(await hub.jobs.due(kinds), now),
    ...ofNotices(await notices.backlog(), await notices.troubled(), now),
    ...ofTasks(await desk.count()),
  ]
}
