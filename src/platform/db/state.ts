import pg from 'pg'
import { systemClock } from '../../kernel/time.ts'
import { parseDatabaseUrl, shownServer } from './address.ts'
import { failureOf } from './failures.ts'

/** What each server of `DATABASE_URL` says of itself, asked one by one and never through a pool: also of those that may not be written to. */
export type ServerState = {
  /** Host and database; never user or password. */
  readonly server: string
} & (
  | {
      readonly answers: true
      /** As PostgreSQL counts: 150004 is 15.4. */
      readonly version: number
      readonly inRecovery: boolean
      readonly writable: boolean
      /** The database's clock minus ours, in milliseconds. */
      readonly skewMs: number
      /** How many connections it takes in all. */
      readonly mostConnections: number
      /** Settings by which a crash may lose what was committed. */
      readonly careless: readonly string[]
    }
  | {
      readonly answers: false
      readonly why: string
      /** Reached, and refused us: password, no such database. */
      readonly refused: boolean
    }
)

/** A server that says nothing by then is away. */
const CONNECT_TIMEOUT_MS = 3_000
const QUERY_TIMEOUT_MS = 5_000

type Row = {
  readonly version: number
  readonly recovering: boolean
  readonly writable: boolean
  readonly ms: number
  readonly most: number
  readonly careless: readonly string[]
}

const STATE = `select current_setting('server_version_num')::int as version, pg_is_in_recovery() as recovering,
  current_setting('transaction_read_only') = 'off' as writable,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as ms,
  current_setting('max_connections')::int as most,
  array(select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'
    order by name)::text[] as careless`

/** Throws a sentence for a person when the address cannot be read. */
export const serverStates = (url: string): Promise<readonly ServerState[]> =>
  Promise.all(parseDatabaseUrl(url).servers.map(stateOf))

const stateOf = async (server: string): Promise<ServerState> => {
  const client = new pg.Client({
    connectionString: server,
    application_name: 'ebizness',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  })
  client.on('error', () => {})
  const shown = shownServer(server)
  try {
    await client.connect()
    const before = systemClock.now()
    const { rows } = await client.query<Row>(STATE)
    const [row] = rows
    if (!row) throw new Error('it said nothing of itself')
    const { version, recovering, writable, ms, most, careless } = row
    const skewMs = Math.round(ms - (before + systemClock.now()) / 2)
    return {
      server: shown,
      answers: true,
      version,
      inRecovery: recovering,
      writable,
      skewMs,
      mostConnections: most,
      careless,
    }
  } catch (fault) {
    const why = fault instanceof Error ? fault.message || String('code' in fault && fault.code) : String(fault)
    return { server: shown, answers: false, why, refused: failureOf(fault) === 'fault' }
  } finally {
    await client.end().catch(() => {})
  }
}
