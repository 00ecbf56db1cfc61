import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { type DatabaseAddress, shownServer } from './address.ts'
import { DatabaseAway, type Usage } from './db.ts'
import { failureOf } from './failures.ts'
import { types } from './types.ts'

/** Finds the writable one of the servers named, keeps a pool of connections to it, and looks again when it fails. */
export type Servers = {
  /** A connection from the pool. Throws `DatabaseAway` when no writable server answers in time. */
  connect(): Promise<pg.PoolClient>
  /** A connection of its own without limits of time, outside the pool; the caller ends it. Throws like `connect`. */
  dedicated(): Promise<pg.Client>
  /** The present server was found dead or read-only: look again before the next use. */
  forget(): void
  usage(): Usage
  close(): Promise<void>
}

export type Limits = {
  readonly poolSize: number
  /** A server that does not answer by then is away; also how long a caller waits for a free connection, in milliseconds. */
  readonly connectTimeoutMs: number
  /** A statement that runs longer is cancelled by the server, in milliseconds. */
  readonly statementTimeoutMs: number
  /** A transaction that waits for its program longer is ended by the server, in milliseconds. */
  readonly idleInTransactionTimeoutMs: number
}

/** Beyond the server's own time-out: then the network swallows the answers, and the connection is given up. */
const SILENCE_MS = 5_000
/** After nobody answered, callers are told so at once for this long, so that an outage costs nobody a queue of time-outs. */
const REST_MS = 200
const IDLE_MS = 60_000
const GOODBYE_MS = 2_000

const WRITABLE = `select current_setting('transaction_read_only') = 'off' as writable`

const checkWritable = async (client: pg.ClientBase): Promise<void> => {
  const { rows } = await client.query<{ writable: boolean }>({ text: WRITABLE })
  if (rows[0]?.writable !== true) throw new DatabaseAway('the server is read-only')
}

/** Poolers of transactions refuse such parameters at the start: there each transaction sets them itself. */
const limitsOf = (limits: Limits, prepare: boolean): pg.ClientConfig => ({
  query_timeout: limits.statementTimeoutMs + SILENCE_MS,
  ...(prepare
    ? {
        statement_timeout: limits.statementTimeoutMs,
        idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
        pipeline: true,
      }
    : {}),
})

const plainConfig = (server: string, limits: Limits, name: string): pg.ClientConfig => ({
  connectionString: server,
  application_name: name,
  types,
  keepAlive: true,
  connectionTimeoutMillis: limits.connectTimeoutMs,
})

const whyAway = (servers: readonly string[], causes: readonly unknown[]): DatabaseAway => {
  const reasons = causes.map((cause, place) => {
    const shown = shownServer(servers[place] ?? servers[0] ?? '')
    return `${shown}: ${cause instanceof Error ? cause.message || String('code' in cause && cause.code) : String(cause)}`
  })
  const isBusy = causes.every((cause) => failureOf(cause) === 'busy')
  const what = isBusy ? 'PostgreSQL has no connection to spare' : 'no writable PostgreSQL answers'
  return new DatabaseAway(`${what} (${reasons.join('; ')})`, { cause: causes[0], isBusy })
}

type Found = { readonly server: string; readonly pool: pg.Pool }

/** `name`: what the program is called in the server's list of connections. */
export const createServers = (address: DatabaseAddress, limits: Limits, log: Log, name = 'ebizness'): Servers => {
  let current: Found | undefined
  let search: Promise<Found> | undefined
  let restUntil = 0
  let lastReason = new DatabaseAway('no writable PostgreSQL answers')
  let closed = false

  const openPool = (server: string): pg.Pool => {
    const pool = new pg.Pool({
      ...plainConfig(server, limits, name),
      ...limitsOf(limits, address.prepare),
      max: limits.poolSize,
      idleTimeoutMillis: IDLE_MS,
      onConnect: checkWritable,
    })
    // A connection may die while nobody uses it; the next caller gets another one.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  }

  const tryServer = async (server: string): Promise<Found> => {
    const pool = openPool(server)
    try {
      const client = await pool.connect()
      client.release()
      return { server, pool }
    } catch (error) {
      void pool.end()
      throw error
    }
  }

  /** Asks all at once; the first that may write is used, so that one which is silent costs nothing. */
  const lookForWritable = async (): Promise<Found> => {
    const tries = address.servers.map(tryServer)
    try {
      const found = await Promise.any(tries)
      for (const other of tries)
        other.then(({ pool }) => (pool === found.pool ? undefined : pool.end())).catch(() => {})
      if (closed) {
        void found.pool.end()
        throw new DatabaseAway('closed')
      }
      log.debug({ server: shownServer(found.server) }, 'database found')
      return found
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error
      const wrong = error.errors.find((cause) => failureOf(cause) === 'fault' && !(cause instanceof DatabaseAway))
      if (wrong !== undefined) throw wrong
      lastReason = whyAway(address.servers, error.errors)
      restUntil = performance.now() + REST_MS
      throw lastReason
    }
  }

  const find = async (): Promise<Found> => {
    if (closed) throw new DatabaseAway('the connection to the database was closed')
    if (current) return current
    if (performance.now() < restUntil) throw lastReason
    search ??= lookForWritable().finally(() => {
      search = undefined
    })
    current = await search
    return current
  }

  const forget = (): void => {
    const gone = current
    current = undefined
    void gone?.pool.end()
  }

  /** Runs `open`; when the server turns out to be away, looks for another once. */
  const reach = async <Value>(open: (found: Found) => Promise<Value>): Promise<Value> => {
    const found = await find()
    try {
      return await open(found)
    } catch (error) {
      const failure = error instanceof DatabaseAway ? 'away' : failureOf(error)
      if (failure === 'fault') throw error
      if (failure !== 'busy' && found === current) forget()
      throw error instanceof DatabaseAway ? error : whyAway([found.server], [error])
    }
  }

  return {
    connect: () => reach(({ pool }) => pool.connect()),
    dedicated: () =>
      reach(async ({ server }) => {
        const client = new pg.Client(plainConfig(server, limits, name))
        client.on('error', () => {})
        try {
          await client.connect()
          // It may have become a standby since it was found.
          await checkWritable(client)
          return client
        } catch (error) {
          void client.end().catch(() => {})
          throw error
        }
      }),
    forget,
    usage: () => {
      const { totalCount = 0, idleCount = 0, waitingCount = 0 } = current?.pool ?? {}
      return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount, most: limits.poolSize }
    },
    close: async () => {
      closed = true
      const gone = current
      current = undefined
      await search?.catch(() => {})
      // A server that has fallen silent does not say goodbye.
      if (gone) await Promise.race([gone.pool.end(), setTimeout(GOODBYE_MS, undefined, { ref: false })])
    },
  }
}
