import { setTimeout as pause } from 'node:timers/promises'
import { execute } from '../support/test-server.ts'
import type { Database } from './database.ts'
import { beganOutage, note } from './ledger.ts'
import { serves, until } from './recovery.ts'
import { patiently } from './settling.ts'
import type { Strike, Striking } from './striking.ts'

/** What happens to the database beside a kill. */

/** What every hub needs is struck now. */
const began = ({ ledger, hubs }: Striking, what: string): void => {
  note(ledger, what)
  beganOutage(ledger, what)
  hubs.struck(hubs.processes)
}

/** As `pg_ctl stop -m immediate`: nothing is written down any more. */
export const stop: Strike = async (striking) => {
  const { database } = striking
  await serves(striking)
  await until(() => database.readyPid() !== undefined, 'the database does not come back')
  const pid = database.readyPid()
  if (pid === undefined) return stop(striking)
  began(striking, 'database stopped')
  process.kill(pid, 'SIGQUIT')
}

/** Connections that are cut at once, at most; and commits whose answer is. */
const CUT_AT_ONCE = 12
const UNANSWERED_AT_ONCE = 4

/** The server ends connections, whatever they are doing; or the wire breaks when a commit is done and its answer on the way. */
export const cut: Strike = async (striking) => {
  const { chance, database, ledger } = striking
  await serves(striking)
  const onTheWire = chance.happens(0.5)
  const unanswered = chance.between(1, UNANSWERED_AT_ONCE)
  const ended = chance.between(1, CUT_AT_ONCE)
  if (onTheWire && database.cutAnswers) {
    began(striking, 'commits cut')
    database.cutAnswers(unanswered)
    return
  }
  began(striking, 'connections cut')
  const [done] = await patiently<{ count: number }>(
    database.url,
    `select count(*)::int from (
       select pg_terminate_backend(pid) as ended from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit ${ended}) cut
     where ended`,
  )
  ledger.counts.connectionsCut += done?.count ?? 0
}

/** How long it stays full each time. */
const FULL_MS = 2_000

/** No room for rows, then none for the log either, for which PostgreSQL goes down; then there is room again. */
export const full: Strike = async (striking) => {
  const { database, disk, ledger, say } = striking
  if (!disk) throw new Error('"full" wants a disk of its own')
  await serves(striking)
  const before = ledger.counts.refusals
  await disk.fill()
  await until(() => ledger.counts.refusals > before, 'a full disk is not told of')
  await pause(FULL_MS)
  await useUpLog(database)
  await pause(FULL_MS)
  say(`The disk was full, also for the log; ${ledger.counts.refusals - before} times that was answered.`)
  await disk.free()
  began(striking, 'disk full')
}

/** Begins one segment of the log after the other, until there is no room for the next. */
const useUpLog = async (database: Database): Promise<void> => {
  for (let begun = 0; begun < 1_000; begun++) {
    try {
      await execute(database.url(), `select pg_logical_emit_message(false, 'torture', 'x'), pg_switch_wal()`)
    } catch {
      return
    }
  }
  throw new Error('the log of the database finds room on a full disk')
}

export const failOver: Strike = async (striking) => {
  const { database } = striking
  if (!database.failOver) throw new Error('"failover" wants --store postgres')
  await serves(striking)
  began(striking, 'failed over')
  await database.failOver()
}
