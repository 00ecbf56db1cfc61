import { type Clock, type Instant, systemClock } from '../../kernel/time.ts'
import { type Log, silentLog } from '../log.ts'
import { parseDatabaseUrl } from './address.ts'
import { AT_WORK } from './at-work.ts'
import { type Db, statement } from './db.ts'
import { createListener } from './listener.ts'
import { createServers, type Limits } from './servers.ts'
import { createTransactions } from './transactions.ts'

export type DbOptions = Partial<Limits> & {
  /**
   * As `DATABASE_URL`: `postgres://user:password@a:5432,b:5432/name`, the writable one is used; sockets as `?host=/folder`;
   * `?prepare=off` for a pooler of transactions older than PgBouncer 1.21 (NOTIFY is then not heard).
   */
  readonly url: string
  /** The machine's clock, to compare with the database's. Never a test's clock: skew is a matter of machines. */
  readonly clock?: Clock
  readonly log?: Log
  /** This process serves and works, which others must be able to tell. */
  readonly atWork?: boolean
}

const LIMITS: Limits = {
  // More at once than this only wait in the server instead of here.
  poolSize: 16,
  connectTimeoutMs: 3_000,
  statementTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 10_000,
}

/**
 * Opens the seam to PostgreSQL. Throws `DatabaseAway` when no writable server answers at the start, and the server's own error when it
 * refuses us (password, no such database); once open it comes back from every outage by itself.
 */
export const openDb = async (options: DbOptions): Promise<Db> => {
  const { clock = systemClock, log = silentLog } = options
  const limits = {
    poolSize: options.poolSize ?? LIMITS.poolSize,
    connectTimeoutMs: options.connectTimeoutMs ?? LIMITS.connectTimeoutMs,
    statementTimeoutMs: options.statementTimeoutMs ?? LIMITS.statementTimeoutMs,
    idleInTransactionTimeoutMs: options.idleInTransactionTimeoutMs ?? LIMITS.idleInTransactionTimeoutMs,
  }
  const address = parseDatabaseUrl(options.url)
  const servers = createServers(address, limits, log, options.atWork ? AT_WORK : undefined)
  const { single, tx } = createTransactions({
    servers,
    run: (client, { name, text }, values) =>
      client.query(address.prepare ? { name, text, values: [...values] } : { text, values: [...values] }),
    begin: address.prepare ? 'begin isolation level read committed' : beginThroughPooler(limits),
    pipeline: address.prepare,
  })
  const listener = createListener(servers, log)
  ;(await servers.connect()).release()

  return {
    query: (wanted, values = []) => single(wanted, values),
    tx,
    listen: async (channel, onNotify) => (address.prepare ? listener.listen(channel, onNotify) : async () => {}),
    clockSkewMs: async () => {
      const before = clock.now()
      const [row] = await single(CLOCK, [])
      if (!row) throw new Error('the database gave no time')
      return row.now - (before + clock.now()) / 2
    },
    usage: servers.usage,
    close: async () => {
      await listener.close()
      await servers.close()
    },
  }
}

/** A pooler takes no limits when a connection begins. */
const beginThroughPooler = (limits: Limits): string =>
  `begin isolation level read committed; set local statement_timeout = ${limits.statementTimeoutMs};
   set local idle_in_transaction_session_timeout = ${limits.idleInTransactionTimeoutMs}`

const CLOCK = statement<{ readonly now: Instant }>('db.clock', 'select clock_timestamp() as now')
