import { chmodSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { MIGRATED_MODULES } from '../../src/app/migrations.ts'
import type { Binaries } from '../../src/platform/db/embedded/binaries.ts'
import { type Embedded, startEmbedded } from '../../src/platform/db/embedded.ts'
import { migrate } from '../../src/platform/db/migrate.ts'
import { createLog } from '../../src/platform/log.ts'

/** A server for tests only: what it holds need not survive anything. */
const CARELESS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  autovacuum: 'off',
}

export type TestServer = Embedded & { readonly folder: string; readonly template: string }

/** Embedded, or the machine's own when `TEST_DATABASE=postgres`. */
export const startTestServer = async (): Promise<TestServer> => {
  const folder = openTempFolder('ebizness-test-')
  const log = createLog({ level: 'warn' })
  const binaries = process.env.TEST_DATABASE === 'postgres' ? machineBinaries() : undefined
  const server = await startEmbedded({ dataDir: folder, log, settings: CARELESS, ...(binaries ? { binaries } : {}) })
  const template = 'template_hub'
  await execute(server.url, `create database ${template}`)
  await migrate({ url: urlOf(server.url, template), modules: MIGRATED_MODULES, log })
  return { ...server, folder, template }
}

/** The newest PostgreSQL of the Debian packages. Throws when there is none. */
export const machineBinaries = (): Binaries => {
  const home = '/usr/lib/postgresql'
  const versions = existsSync(home) ? readdirSync(home).map(Number) : []
  if (versions.length === 0) throw new Error(`no PostgreSQL in ${home}: install the package "postgresql"`)
  const version = String(Math.max(...versions))
  return { root: join(home, version), version, locale: ['--locale=C.UTF-8'] }
}

/** Whatever the umask, a folder that the server's user may enter. */
export const openTempFolder = (prefix: string): string => {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  chmodSync(folder, 0o711)
  return folder
}

/** The same server, another database. */
export const urlOf = (url: string, database: string): string => {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.toString()
}

/** Runs one statement on a connection of its own, past the seam: for what tests do to a server, never for what the hub does. */
export const execute = async <Row extends pg.QueryResultRow>(url: string, sql: string): Promise<readonly Row[]> => {
  const client = new pg.Client({ connectionString: url })
  // A server that dies is told by the query; between two it ends nothing but the connection.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
