import type pg from 'pg'
import { CommitUnknown, DatabaseAway, type Db, type Queryable, type Statement, type Tx } from './db.ts'
import { type Failure, failureOf, neverSent, surelyUndone } from './failures.ts'
import type { Servers } from './servers.ts'

/** How often one transaction is begun at most. */
const MAX_ROUNDS = 6
/** An outage no longer than this is waited out; a longer one is told at once. A fail-over took 0.16 s, an embedded restart 0.3 s. */
const PATIENCE_MS = 1_500
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 160

/** Doubling, half of it random: so that two that got in each other's way do not meet again. */
const restAfter = (round: number): Promise<void> => {
  const most = Math.min(FIRST_PAUSE_MS * 2 ** (round - 1), LONGEST_PAUSE_MS)
  return new Promise((resolve) => setTimeout(resolve, most / 2 + (Math.random() * most) / 2))
}

export type Parts = {
  readonly servers: Servers
  run(client: pg.ClientBase, wanted: Statement<unknown>, values: readonly unknown[]): Promise<pg.QueryResult>
  /** Text that begins a transaction. */
  readonly begin: string
  /** Whether statements may be sent before the former one was answered. */
  readonly pipeline: boolean
  /** Waits before the next round; with growing, partly random time unless told. */
  readonly pause?: (round: number) => Promise<void>
}

type Transactions = {
  tx: Db['tx']
  /** One statement, its own transaction. Throws `CommitUnknown` when it writes and its answer was lost. */
  single<Row>(wanted: Statement<Row>, values: readonly unknown[]): Promise<readonly Row[]>
}

/** How one round ended. A broken connection does not go back to the pool. */
type Ended<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | {
      readonly kind: 'failed'
      readonly failure: Failure
      readonly error: unknown
      readonly broken: boolean
      /** Which one failed, where one did. */
      readonly statement?: string
    }
  | { readonly kind: 'unknown'; readonly error: CommitUnknown }

const failed = (error: unknown, statement?: string, failure = failureOf(error)): Ended<never> => ({
  kind: 'failed',
  failure,
  error,
  broken: failure === 'lost' || failure === 'away',
  ...(statement ? { statement } : {}),
})

/** The first of a transaction's statements that failed. */
type First = { readonly error: unknown; readonly statement: string }

const unknown = (what: string, cause?: unknown): Ended<never> => ({
  kind: 'unknown',
  error: new CommitUnknown(`${what}: it may have happened or not`, { cause }),
})

export const createTransactions = (parts: Parts): Transactions => {
  const { pause = restAfter } = parts
  let awaySince: number | undefined

  /** A connection; through a short outage with patience. */
  const connect = async (): Promise<pg.PoolClient> => {
    for (let round = 1; ; round++) {
      try {
        const client = await parts.servers.connect()
        awaySince = undefined
        return client
      } catch (error) {
        if (!(error instanceof DatabaseAway) || failureOf(error.cause) === 'busy') throw error
        awaySince ??= performance.now()
        if (performance.now() - awaySince > PATIENCE_MS) throw error
        await pause(round)
      }
    }
  }

  const repeatedly = async <Value>(once: (client: pg.PoolClient) => Promise<Ended<Value>>): Promise<Value> => {
    for (let round = 1; ; round++) {
      const client = await connect()
      const ended = await once(client)
      client.release(ended.kind === 'unknown' || (ended.kind === 'failed' && ended.broken))
      if (ended.kind === 'done') return ended.value
      if (ended.kind === 'unknown' || ended.failure === 'fault' || ended.failure === 'busy') throw ended.error
      if (ended.failure === 'full') throw withoutRoom(ended.error)
      if (ended.failure === 'slow') throw tooSlow(ended.error, ended.statement)
      if (ended.failure === 'away') parts.servers.forget()
      if (round === MAX_ROUNDS) throw ended.failure === 'again' ? ended.error : lostForGood(ended.error)
      await pause(round)
    }
  }

  return {
    tx: (work) => repeatedly((client) => transact(parts, client, work)),
    single: (wanted, values) => repeatedly((client) => runSingle(parts, client, wanted, values)),
  }
}

const lostForGood = (error: unknown): DatabaseAway =>
  new DatabaseAway('the connection to the database was lost again and again', { cause: error })

/** As good as away: it comes back when somebody makes room, and nothing was done. */
const withoutRoom = (error: unknown): DatabaseAway =>
  new DatabaseAway('the database has no room for what should be written: give it some', { cause: error })

/** As good as away, and told at once: whoever asks again in a moment is served when the lock is free or the load is gone. */
const tooSlow = (error: unknown, statement = 'a statement'): DatabaseAway =>
  new DatabaseAway(`the database ended ${statement}: it took too long, as behind a lock, or a person cancelled it`, {
    cause: error,
    isBusy: true,
  })

const transact = async <Value>(
  parts: Parts,
  client: pg.PoolClient,
  work: (tx: Tx) => Promise<Value>,
): Promise<Ended<Value>> => {
  let first: First | undefined
  let over = false
  const note = (error: unknown, statement: string): void => {
    first ??= { error, statement }
  }
  const ask = async <Row>(wanted: Statement<Row>, values: readonly unknown[]): Promise<readonly Row[]> => {
    if (over) throw new Error(`${wanted.name} was asked for after its transaction had ended`)
    try {
      return (await parts.run(client, wanted, values)).rows
    } catch (error) {
      note(error, wanted.name)
      throw error
    }
  }
  const tx: Tx = {
    inTransaction: true,
    query: <Row>(wanted: Statement<Row>, values: readonly unknown[] = []): Promise<readonly Row[]> => {
      const asked = ask(wanted, values)
      // Of several that were sent together only the first that fails is waited for: the others must not end the process.
      asked.catch(() => {})
      return asked
    },
  }
  const effects: (() => void)[] = []
  afterwards.set(tx, effects)
  watchStandby(client)
  // Not waited for where statements may follow each other unanswered: it saves a round trip.
  const begun = client.query(parts.begin).catch((error) => note(error, 'begin'))
  if (!parts.pipeline) await begun
  try {
    const value = await work(tx)
    over = true
    await begun
    const ended = await commit(client, value, first)
    if (ended.kind !== 'failed') for (const effect of effects) effect()
    return ended
  } catch (error) {
    over = true
    await begun
    return await rollBack(client, error, first)
  }
}

const commit = async <Value>(client: pg.PoolClient, value: Value, first: First | undefined): Promise<Ended<Value>> => {
  // The work went on after it lost its connection.
  if (first !== undefined && failureOf(first.error) === 'lost') return failed(first.error)
  try {
    const { command } = await client.query('commit')
    // A transaction with a failed statement answers `commit` with ROLLBACK, as a success.
    if (command !== 'COMMIT')
      return failed(first?.error ?? new Error('the transaction had been given up'), first?.statement)
    return wasReplicated(client) ? { kind: 'done', value } : unknown('no standby confirmed the commit')
  } catch (error) {
    if (neverSent(error) || surelyUndone(error)) return failed(error, 'commit')
    return unknown('the connection was lost during commit', error)
  }
}

/** The work's own error is told, unless a statement's shows that running it again may help. */
const rollBack = async (client: pg.PoolClient, error: unknown, first: First | undefined): Promise<Ended<never>> => {
  const cause = first === undefined ? 'fault' : failureOf(first.error)
  try {
    await client.query('rollback')
    return cause === 'fault' ? failed(error, undefined, 'fault') : failed(first?.error, first?.statement)
  } catch (lost) {
    return cause === 'fault' && first === undefined
      ? { kind: 'failed', failure: 'fault', error, broken: true }
      : failed(lost, 'rollback', 'lost')
  }
}

/** Words of statements that change something: such a one is not repeated when its answer was lost. */
const WRITES = /\b(insert|update|delete|merge|truncate|call|nextval|setval|pg_notify|create|alter|drop)\b/i

const runSingle = async <Row>(
  parts: Parts,
  client: pg.PoolClient,
  wanted: Statement<Row>,
  values: readonly unknown[],
): Promise<Ended<readonly Row[]>> => {
  const writes = WRITES.test(wanted.text)
  try {
    watchStandby(client)
    const { rows } = await parts.run(client, wanted, values)
    return wasReplicated(client) ? { kind: 'done', value: rows } : unknown(`no standby confirmed ${wanted.name}`)
  } catch (error) {
    if (writes && failureOf(error) === 'lost' && !neverSent(error)) {
      return unknown(`the answer to ${wanted.name} was lost`, error)
    }
    return failed(error, wanted.name)
  }
}

/** A commit that is cancelled while it waits for a standby is answered with success and a warning from this place (syncrep.c). */
const UNCONFIRMED = 'SyncRepWaitForLSN'
const watched = new WeakSet<pg.ClientBase>()
const unconfirmed = new WeakSet<pg.ClientBase>()

const watchStandby = (client: pg.ClientBase): void => {
  if (watched.has(client)) return
  watched.add(client)
  client.on('notice', (notice) => {
    if (notice.routine === UNCONFIRMED) unconfirmed.add(client)
  })
}

const wasReplicated = (client: pg.ClientBase): boolean => !unconfirmed.delete(client)

/** What is to be done once a transaction has been committed, by its `tx`. */
const afterwards = new WeakMap<Queryable, (() => void)[]>()

/**
 * Runs `effect` when the transaction that `queryable` is has been committed (or may have been); at once when it is none. It may be
 * lost, so it only ever makes things faster.
 */
export const afterCommit = (queryable: Queryable, effect: () => void): void => {
  const effects = afterwards.get(queryable)
  if (effects) effects.push(effect)
  else effect()
}
