import type pg from 'pg'
import type { Clock } from '../../src/kernel/time.ts'
import type { Db, Statement } from '../../src/platform/db/db.ts'
import { createTransactions } from '../../src/platform/db/transactions.ts'
import type { Process, Stage } from './stage.ts'

/**
 * The hub's own seam to the real PostgreSQL, with connections that break and processes that die. Each transaction has the stage to
 * itself from its begin to its end; who comes next is the world's choice.
 */
export type Breakage =
  /** The process dies before this is sent, or after the server has done it. */
  | 'crash_before'
  | 'crash_after'
  /** The connection goes before this is sent, or before it is answered. */
  | 'cut_before'
  | 'cut_after'

export type DatabaseParts = {
  readonly stage: Stage
  readonly process: Process
  readonly pool: pg.Pool
  /** The machine's clock that the process goes by. */
  readonly clock: Clock
  /** How long a process waits for its turn, in milliseconds. */
  turnMs(): number
  /** Whether something breaks at a statement, named as in its store, or at `commit`. */
  breaks(at: string): Breakage | undefined
  /** Whether a commit is answered and not done. */
  forgets(): boolean
  /** What is due, and when, may have changed. */
  moved(): void
  /** The process has died. */
  died(at: string, how: Breakage): void
}

/** Beside the request, and only to be faster or for a person's eyes. */
const LEFT_OUT: ReadonlySet<string> = new Set(['jobs.notify', 'merchants.note_use'])

/** Statements on the tables of what is to be done later; some only read, and a claim may find nothing. */
const OF_WHAT_IS_DUE = /^(jobs|notices)\.(?!finish_keep)/
const READS = /^(select|with recursive)\b/
const mayMove = ({ name = '', text }: pg.QueryConfig, found: number | null): boolean =>
  OF_WHAT_IS_DUE.test(name) && !READS.test(text) && !(name.endsWith('.claim') && found === 0)

/** One of its own for each who waits: one for all would hold on to all that ever waited for it. */
const never = () => new Promise<never>(() => {})

export const openSimulatedDatabase = (parts: DatabaseParts): Db => {
  const { stage, process, pool, clock } = parts
  const connect = async (): Promise<pg.PoolClient> => {
    const leave = await stage.enter(stage.now() + parts.turnMs())
    return breakable(parts, await pool.connect(), leave)
  }
  const nothing = async (): Promise<never> => {
    throw new Error('the simulation has no connection outside its pool')
  }
  const { tx, single } = createTransactions({
    servers: {
      connect,
      dedicated: nothing,
      forget: () => {},
      usage: () => ({ used: 0, idle: 0, waiting: 0, most: 1 }),
      close: async () => {},
    },
    run: (client, { name, text }, values) => client.query({ name, text, values: [...values] }),
    begin: 'begin isolation level read committed',
    pipeline: true,
    pause: async () => {},
  })
  return {
    query: <Row>(wanted: Statement<Row>, values: readonly unknown[] = []) =>
      LEFT_OUT.has(wanted.name) ? Promise.resolve([]) : single(wanted, values),
    tx,
    listen: async () => async () => {},
    clockSkewMs: async () => stage.now() - clock.now(),
    usage: () => ({ used: 0, idle: 0, waiting: 0, most: 1 }),
    close: async () => {
      process.alive = false
    },
  }
}

type Asked = string | { readonly name?: string; readonly text: string }

const nameOf = (asked: Asked): string => (typeof asked === 'string' ? (asked.split(' ')[0] ?? '') : (asked.name ?? ''))

/** A pooled connection as the seam sees it: the same one, until something breaks. */
const breakable = (parts: DatabaseParts, raw: pg.PoolClient, leave: () => void): pg.PoolClient => {
  const { stage, process } = parts
  let over = false
  let inTransaction = false
  let last: Promise<unknown> = Promise.resolve()

  /** Whatever is not committed is undone, before anything else happens in the world. */
  const end = (): void => {
    if (over) return
    over = true
    const undone = last
      .catch(() => {})
      .then(() => (inTransaction ? raw.query('rollback') : undefined))
      .then(
        () => raw.release(),
        () => raw.release(true),
      )
    stage.owe(undone)
  }

  const die = (at: string, how: Breakage): Promise<never> => {
    if (process.alive) {
      process.alive = false
      parts.died(at, how)
    }
    end()
    leave()
    return never()
  }

  const cut = (): never => {
    end()
    throw new Error('Connection terminated unexpectedly')
  }

  const query = async (asked: Asked): Promise<unknown> => {
    if (!process.alive) return never()
    if (over) return cut()
    const name = nameOf(asked)
    if (name === 'rollback') {
      inTransaction = false
      return raw.query(name)
    }
    if (name === 'begin') inTransaction = true
    const breakage = name === 'begin' ? undefined : parts.breaks(name)
    if (breakage === 'crash_before') return die(name, breakage)
    if (breakage === 'cut_before') return cut()
    if (name === 'commit' && parts.forgets()) {
      inTransaction = false
      await raw.query('rollback')
      return { command: 'COMMIT' }
    }
    const asking = typeof asked === 'string' ? raw.query(asked) : raw.query(asked)
    last = asking
    const answer = await asking
    if (typeof asked !== 'string' && mayMove(asked, answer.rowCount)) parts.moved()
    if (name === 'commit') inTransaction = false
    if (breakage === 'crash_after') return die(name, breakage)
    if (breakage === 'cut_after') return cut()
    return process.alive ? answer : never()
  }

  const release = (): void => {
    if (!over) {
      over = true
      raw.release()
    }
    leave()
  }

  return new Proxy(raw, {
    get: (target, member) => {
      if (member === 'query') return query
      if (member === 'release') return release
      if (member === 'on') return () => target
      return Reflect.get(target, member)
    },
  })
}
