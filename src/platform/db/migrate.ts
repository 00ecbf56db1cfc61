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
  /** How long a table in use is asked for at most; a minute unless told. */
  readonly patienceMs?: number
}

const TABLE = 'migration'
const FILE = /^\d{4}_[a-z0-9-]+\.sql$/
const CONCURRENTLY = /-concurrently$/
/** Any number, the same in every release: "ebizness" as bytes. */
const LOCK = '7305808869232931699'
/** A change of a table in use waits no longer than this for it: behind it everything else would wait too. Transactions of ours take some milliseconds. */
const LOCK_TIMEOUT_MS = 500
/** Then what waited goes on for as long as this, before the table is asked for again. */
const LOCK_PAUSE_MS = 1_000
/** A dump or a long query holds a table for hours: then a person chooses another time. */
const PATIENCE_MS = 60_000
/** How often a process looks whether the one that migrates has ended. */
const LOOK_MS = 100

/**
 * Brings every module's tables up to this release, forward only; processes that start at once wait for the first. What a newer release
 * added is left alone, so that the former one can go on serving. Returns what was applied, as `module/0001_name`. Throws what is wrong
 * with the file; a module's pending files between two that run concurrently apply together or not at all.
 */
export const migrate = async ({
  url,
  modules,
  log = silentLog,
  patienceMs = PATIENCE_MS,
}: MigrateOptions): Promise<readonly string[]> =>
  withClient(url, log, async (client) =>
    (await pending(client, modules)).length === 0 ? [] : applyAll(client, modules, log, patienceMs).catch(asSentence),
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

/** PostgreSQL, "Error Codes": insufficient_privilege. */
const FORBIDDEN = '42501'
/** lock_not_available, deadlock_detected: whoever holds the table lets go of it sooner or later. */
const IN_USE: readonly string[] = ['55P03', '40P01']

const codeOf = (fault: unknown): string => (fault instanceof Error && 'code' in fault ? String(fault.code) : '')

const asSentence = (fault: unknown): never => {
  const code = codeOf(fault)
  if (!(fault instanceof Error) || !(code === FORBIDDEN || IN_USE.includes(code))) throw fault
  if (code === FORBIDDEN) {
    const what = 'the database is older than this release, and its role may not change tables'
    throw new Error(`${what}: run "ebizness migrate" as the role that owns them (${fault.message})`, { cause: fault })
  }
  const what = 'a table that this release changes is in use for long, by a dump or a long query'
  throw new Error(
    `${what}: nothing of its module was changed; run "ebizness migrate" once it is done (${fault.message})`,
    {
      cause: fault,
    },
  )
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
  patienceMs: number,
): Promise<readonly string[]> => {
  const applied: string[] = []
  const end = performance.now() + patienceMs
  await lock(client)
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`)
  // Not before the lock is held: another process may have done it meanwhile.
  for (const { module, todo } of await pending(client, modules)) {
    for (const batch of batchesOf(todo)) {
      const [first = ''] = batch
      if (CONCURRENTLY.test(first)) await applyConcurrently(client, module, first)
      else await patiently(end, log, module, () => applyTogether(client, module, batch.length, log))
      applied.push(...batch.map((file) => `${module.name}/${file}`))
    }
  }
  if (applied.length > 0) log.info({ applied }, 'database brought up to this release')
  return applied
}

/** Tries again while a table is in use. Each try waits shortly: what came after it waits behind it, and goes on in between. */
const patiently = async (
  end: number,
  log: Log,
  { name }: MigratedModule,
  apply: () => Promise<void>,
): Promise<void> => {
  for (;;) {
    try {
      return await apply()
    } catch (fault) {
      if (!IN_USE.includes(codeOf(fault)) || performance.now() > end) throw fault
      log.warn({ module: name }, 'a table that this release changes is in use; it is asked for again in a second')
      await pause(LOCK_PAUSE_MS)
    }
  }
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
  const complaints: string[] = []
  const run = runner({
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
    logger: { info: () => {}, warn: () => {}, error: (sentence) => complaints.push(sentence) },
  })
  await run.catch((fault: unknown) => {
    if (!IN_USE.includes(codeOf(fault))) for (const sentence of complaints) log.error({ module: name }, sentence)
    throw fault
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
