import { existsSync, readdirSync } from 'node:fs'
import pg from 'pg'
import { type Log, silentLog } from '../log.ts'
import { parseDatabaseUrl } from './address.ts'
import { createServers } from './servers.ts'

/** A module that keeps tables: its schema has its name, its folder holds `0001_name.sql`, `0002_…` in the order they apply. */
export type MigratedModule = { readonly name: string; readonly folder: string }

export type MigrateOptions = {
  readonly url: string
  readonly modules: readonly MigratedModule[]
  readonly log?: Log
}

const TABLE = 'migration'
const FILE = /^\d{4}_[a-z0-9-]+\.sql$/
/** Any number, the same in every release: "ebizness" as bytes. */
const LOCK = '7305808869232931699'
/** A change of a table in use waits no longer than this for it: behind it everything else would wait too. */
const LOCK_TIMEOUT_MS = 5_000

/**
 * Brings every module's tables up to this release, forward only; processes that start at once wait for the first. What a newer release
 * added is left alone, so that the former one can go on serving. Returns what was applied, as `module/0001_name`. Throws what is wrong
 * with the file; a module's pending files apply together or not at all.
 */
export const migrate = async ({ url, modules, log = silentLog }: MigrateOptions): Promise<readonly string[]> => {
  const limits = { poolSize: 1, connectTimeoutMs: 10_000, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 0 }
  const servers = createServers(parseDatabaseUrl(url), limits, log)
  try {
    const client = await servers.dedicated()
    try {
      if ((await pending(client, modules)).length === 0) return []
      return await applyAll(client, modules, log).catch(asSentence)
    } finally {
      await client.end()
    }
  } finally {
    await servers.close()
  }
}

/** PostgreSQL, "Error Codes", class 42: insufficient_privilege. */
const asSentence = (fault: unknown): never => {
  if (!(fault instanceof Error) || !('code' in fault) || fault.code !== '42501') throw fault
  const what = 'the database is older than this release, and its role may not change tables'
  throw new Error(`${what}: run "ebizness migrate" as the role that owns them (${fault.message})`, { cause: fault })
}

/** Asked before the runner is loaded: at almost every start there is nothing to do, and loading it takes 0.2 s. */
const pending = async (client: pg.Client, modules: readonly MigratedModule[]): Promise<readonly MigratedModule[]> => {
  const { rows: tables } = await client.query<{ schema: string }>(
    'select table_schema as schema from information_schema.tables where table_name = $1 and table_schema = any($2)',
    [TABLE, modules.map(({ name }) => name)],
  )
  const parts = tables.map(
    ({ schema }) =>
      `select ${pg.escapeLiteral(schema)} || '/' || name as name from ${pg.escapeIdentifier(schema)}.${TABLE}`,
  )
  const applied = new Set<string>()
  if (parts.length > 0) {
    const { rows } = await client.query<{ name: string }>(parts.join(' union all '))
    for (const { name } of rows) applied.add(name)
  }
  return modules.filter(({ name, folder }) => files(folder).some((file) => !applied.has(`${name}/${file}`)))
}

/** Without `.sql`, in order. */
const files = (folder: string): readonly string[] => {
  if (!existsSync(folder)) return []
  const found = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  for (const name of found) if (!FILE.test(name)) throw new Error(`${folder}/${name}: call it 0001_what-it-does.sql`)
  return found.map((name) => name.slice(0, -'.sql'.length)).sort()
}

const applyAll = async (
  client: pg.Client,
  modules: readonly MigratedModule[],
  log: Log,
): Promise<readonly string[]> => {
  const { runner } = await import('node-pg-migrate')
  const applied: string[] = []
  await client.query(`select pg_advisory_lock(${LOCK})`)
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`)
  // Not before the lock is held: another process may have done it meanwhile.
  for (const { name, folder } of await pending(client, modules)) {
    const done = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: '(?!.*\\.sql$).*',
      migrationsSchema: name,
      createMigrationsSchema: true,
      migrationsTable: TABLE,
      direction: 'up',
      singleTransaction: true,
      noLock: true,
      logger: { info: () => {}, warn: () => {}, error: (sentence) => log.error({ module: name }, sentence) },
    })
    applied.push(...done.map((migration) => `${name}/${migration.name}`))
  }
  if (applied.length > 0) log.info({ applied }, 'database brought up to this release')
  return applied
}
