import { type Instant, toRfc3339 } from '../../kernel/time.ts'

/**
 * The seam to PostgreSQL. `timestamptz` comes back as an `Instant` (milliseconds), `int8` as a number, `jsonb` parsed, `bytea` as bytes;
 * an `Instant` is written with `at()`.
 */
export type Statement<Row> = {
  /** Unique in the program; the statement is prepared under it once per connection. */
  readonly name: string
  readonly text: string
  readonly __row?: Row
}

/** PostgreSQL cuts longer names (NAMEDATALEN), and two that are then the same would run each other's text. */
const MAX_NAME = 63

/** A named statement and the shape of its rows. Lives in `store` files only. */
export const statement = <Row = never>(name: string, text: string): Statement<Row> => {
  if (name.length > MAX_NAME) throw new Error(`${name} is a longer name than PostgreSQL keeps`)
  return { name, text }
}

/** An `Instant` as a parameter for `timestamptz`. */
export const at = (instant: Instant): string => toRfc3339(instant)

export type Queryable = {
  query<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<readonly Row[]>
}

export type Tx = Queryable & { readonly inTransaction: true }

/** Connections used and idle, callers that wait for one, and how many there may be. */
export type Usage = { readonly used: number; readonly idle: number; readonly waiting: number; readonly most: number }

export type Db = Queryable & {
  /**
   * Runs `work` in one READ COMMITTED transaction. It may run more than once (40001, 40P01, a lost connection before commit), so it has
   * no effect but through `tx`. Throws `DatabaseAway` when no writable server answers, or it has no room or takes longer than a statement
   * may; `CommitUnknown` when the connection was lost during commit: then the caller repeats with the same key, or tells that it does
   * not know.
   */
  tx<Value>(work: (tx: Tx) => Promise<Value>): Promise<Value>
  /** Calls back on NOTIFY of this channel; only ever an accelerator, polling is the truth. Returns how to stop. */
  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>>
  /** The database's clock minus ours, in milliseconds. */
  clockSkewMs(): Promise<number>
  /** Connections of this process now. */
  usage(): Usage
  close(): Promise<void>
}

/** No writable server answers, or it has no room to write, or no time. The edge turns it into 503. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway'
  /** It is there, and has no connection or no time for what is asked. */
  readonly isBusy: boolean

  constructor(message: string, { isBusy = false, ...more }: ErrorOptions & { readonly isBusy?: boolean } = {}) {
    super(message, more)
    this.isBusy = isBusy
  }
}

/** The connection went away while committing: it may have happened or not. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown'
}
