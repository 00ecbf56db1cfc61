import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type Log, silentLog } from '../log.ts'
import { parseDatabaseUrl } from './address.ts'
import { createServers } from './servers.ts'

/**
 * A module that keeps tables: its schema has its name, its folder holds `0001_name.sql`, `0002_…` in the order they apply. A file called
 * `0003_name-concurrently.sql` runs statement by statement outside a transaction: what builds an index while others write to its table.
 */
export type MigratedModule = { readonly name: string; readonly folder: string }

export type MigrateOptions = {
  readonly url: string
  readonly modules: readonly MigratedModule[]
  readonly log?: Log
}

const TABLE = 'migration'
const FILE = /^\d{4}_[a-z0-9-]+\.sql$/
const CONCURRENTLY = /-concurrently$/
/** Any number, the same in every release: "ebizness" as bytes. */
const LOCK = '7305808869232931699'
/** A change of a table in use waits no longer than this for it: behind it everything else would wait too. */
const LOCK_TIMEOUT_MS = 5_000
/** How often a process looks whether the one that migrates has ended. */
const LOOK_MS = 100

/**
 * Brings every module's tables up to this release, forward only; processes that start at once wait for the first. What a newer release
 * added is left alone, so that the former one can go on serving. Returns what was applied, as `module/0001_name`. Throws what is wrong
 * with the file; a module's pending files between two that run concurrently apply together or not at all.
 */
export const migrate = async ({ url, modules, log = silentLog }: MigrateOptions): Promise<readonly string[]> =>
  withClient(url, log, async (client) =>
    (await pending(client, modules)).length === 0 ? [] : applyAll(client, modules, log).catch(asSentence),
  )

export type MigrationState = {
  /** What this release would still apply, as `module/0001_name`. */
  readonly missing: readonly string[]
  /** What a newer release applied. */
  readonly newer: readonly string[]
}

/** Looks and changes nothing. */
export const migrationState = async ({ url, modules, log = silentLog }: MigrateOptions): Promise<MigrationState> =>
  withClient(url, log, async (client) => {
    const applied = await appliedIn(client, modules)
    const known = modules.flatMap(({ name, folder }) => files(folder).map((file) => `${name}/${file}`))
    return {
      missing: known.filter((name) => !applied.has(name)),
      newer: [...applied].filter((name) => !known.includes(name)),
    }
  })

const withClient = async <Value>(
  url: string,
  log: Log,
  work: (client: pg.Client) => Promise<Value>,
): Promise<Value> => {
  const limits = { poolSize: 1, connectTimeoutMs: 10_000, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 0 }
  const servers = createServers(parseDatabaseUrl(url), limits, log)
  try {
    const client = await servers.dedicated()
    try {
      return await work(client)
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

/** What of a module is still to be applied, in order. */
type Pending = { readonly module: MigratedModule; readonly todo: readonly string[] }

/** Asked before the runner is loaded: at almost every start there is nothing to do, and loading it takes 0.2 s. */
const pending = async (client: pg.Client, modules: readonly MigratedModule[]): Promise<readonly Pending[]> => {
  const applied = await appliedIn(client, modules)
  return modules
    .map((module) => ({ module, todo: files(module.folder).filter((file) => !applied.has(`${module.name}/${file}`)) }))
    .filter(({ todo }) => todo.length > 0)
}

/** As `module/0001_name`. */
const appliedIn = async (client: pg.Client, modules: readonly MigratedModule[]): Promise<ReadonlySet<string>> => {
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
  return applied
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
  const applied: string[] = []
  await lock(client)
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`)
  // Not before the lock is held: another process may have done it meanwhile.
  for (const { module, todo } of await pending(client, modules)) {
    for (const batch of batchesOf(todo)) {
      const [first = ''] = batch
      if (CONCURRENTLY.test(first)) await applyConcurrently(client, module, first)
      else await applyTogether(client, module, batch.length, log)
      applied.push(...batch.map((file) => `${module.name}/${file}`))
    }
  }
  if (applied.length > 0) log.info({ applied }, 'database brought up to this release')
  return applied
}

/** Asked for again and again: who waits within a statement holds a snapshot, and an index that is built concurrently waits for all of those. */
const lock = async (client: pg.Client): Promise<void> => {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_lock(${LOCK}) as mine`)
    if (rows[0]?.mine) return
    await pause(LOOK_MS)
  }
}

/** One that runs concurrently is by itself. */
const batchesOf = (todo: readonly string[]): readonly (readonly string[])[] => {
  const batches: string[][] = []
  for (const file of todo) {
    const last = batches.at(-1)
    const apart = CONCURRENTLY.test(file) || CONCURRENTLY.test(last?.[0] ?? '')
    if (last && !apart) last.push(file)
    else batches.push([file])
  }
  return batches
}

const applyTogether = async (
  client: pg.Client,
  { name, folder }: MigratedModule,
  count: number,
  log: Log,
): Promise<void> => {
  const { runner } = await import('node-pg-migrate')
  await runner({
    dbClient: client,
    dir: folder,
    ignorePattern: '(?!.*\\.sql$).*',
    migrationsSchema: name,
    createMigrationsSchema: true,
    migrationsTable: TABLE,
    direction: 'up',
    count,
    singleTransaction: true,
    noLock: true,
    logger: { info: () => {}, warn: () => {}, error: (sentence) => log.error({ module: name }, sentence) },
  })
}

/** It blocks nobody, so it may wait for others as long as it takes. Interrupted, it is run again from its first statement. */
const applyConcurrently = async (client: pg.Client, { name, folder }: MigratedModule, file: string): Promise<void> => {
  const text = readFileSync(join(folder, `${file}.sql`), 'utf8')
  await client.query('set lock_timeout = 0')
  for (const statement of text.split(/;\s*$/m).map((one) => one.trim())) {
    if (statement !== '') await client.query(statement)
  }
  const table = `${pg.escapeIdentifier(name)}.${TABLE}`
  await client.query(`insert into ${table} (name, run_on) values ($1, now())`, [file])
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`)
}
