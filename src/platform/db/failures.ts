import pg from 'pg'

/** What a failure of a statement means for what may be done next. */
export type Failure =
  /** The server undid the transaction to let another one through: run it again. */
  | 'again'
  /** The connection is gone; whatever was not committed is undone. */
  | 'lost'
  /** No server took the statement, or one that may not write: look for the writable one. */
  | 'away'
  /** Every connection is in use, ours or the server's. */
  | 'busy'
  /** The server has no room, on disk or in memory: nothing was done, and nothing will be until somebody makes room. */
  | 'full'
  /** The server ended the statement at its limit of time, as behind a lock that somebody holds: nothing was done. */
  | 'slow'
  /** The statement's own fault. */
  | 'fault'

/** serialization_failure, deadlock_detected (PostgreSQL, Appendix A). */
const AGAIN = new Set(['40001', '40P01'])

/** read_only_sql_transaction, cannot_connect_now. */
const AWAY = new Set(['25006', '57P03'])

/** object_not_in_prerequisite_state; told to who connects, it means that the database takes no connections now. */
const CLOSED = '55000'

/** too_many_connections. */
const BUSY = '53300'

/** insufficient_resources, disk_full, out_of_memory. */
const FULL = new Set(['53000', '53100', '53200'])

/** query_canceled: by the limit that each connection sets, see `Limits`; or by a person at the server. */
const SLOW = '57014'

/** Class 08, admin_shutdown, crash_shutdown, idle_session_timeout; idle_in_transaction_session_timeout, as of a process that stood still. */
const LOST = /^(08...|57P01|57P02|57P05|25P03)$/

/** Never reached a server: nothing was sent. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES'])

/** The driver has no codes for these (pg 8.23, lib/client.js and pg-pool/index.js). */
const DRIVER_LOST =
  /^Connection terminated|connection error and is not queryable|closed and is not queryable|^Query read/
const DRIVER_AWAY = /^timeout expired|due to connection timeout|^Cannot use a pool after calling end/
const DRIVER_BUSY = /^timeout exceeded when trying to connect/

/** Judges an error that the driver threw. */
export const failureOf = (error: unknown): Failure => {
  if (!(error instanceof Error)) return 'fault'
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? ''
    if (AGAIN.has(code)) return 'again'
    if (AWAY.has(code) || (code === CLOSED && error.severity === 'FATAL')) return 'away'
    if (code === BUSY) return 'busy'
    if (code === SLOW) return 'slow'
    // Without room for its log the server goes down, and says so before.
    if (FULL.has(code)) return error.severity === 'ERROR' ? 'full' : 'lost'
    return LOST.test(code) ? 'lost' : 'fault'
  }
  if (DRIVER_BUSY.test(error.message)) return 'busy'
  if (DRIVER_AWAY.test(error.message)) return 'away'
  if (DRIVER_LOST.test(error.message)) return 'lost'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (UNREACHED.has(code)) return 'away'
  return 'syscall' in error || code === 'EPIPE' || code === 'ECONNRESET' ? 'lost' : 'fault'
}

/** Whether a failed `commit` surely undid everything: the server said so, and lives. */
export const surelyUndone = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.severity === 'ERROR' && failureOf(error) !== 'lost'

/** The driver refused to send it: the connection was known to be dead. */
export const neverSent = (error: unknown): boolean => error instanceof Error && /is not queryable$/.test(error.message)
