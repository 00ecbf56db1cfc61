import type { ChildProcess } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../../log.ts'
import { isCode } from './binaries.ts'
import type { Place } from './place.ts'
import { readPidFile, type Server } from './server.ts'

/** How long closed connections may still be seen by the server. */
const LEAVING_MS = 1_000
const CONNECT_MS = 3_000
const SHUTDOWN_MS = 10_000
const POLL_MS = 20

/** A connection that is open while this process is here; it ends when the server does: no polling. */
export type Guard = { readonly ended: Promise<void>; isOpen(): boolean; close(): Promise<void> }

/** Every process that is here has one of this name, so that it is seen before it has any other. */
const GUARD = 'ebizness guard'

export const openGuard = async (url: string): Promise<Guard> => {
  const client = new pg.Client({
    connectionString: url,
    application_name: GUARD,
    connectionTimeoutMillis: CONNECT_MS,
  })
  client.on('error', () => {})
  let open = true
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => {
      open = false
      resolve()
    })
  })
  await client.connect()
  return { ended, isOpen: () => open, close: () => client.end() }
}

/**
 * Ends the server when nobody else is connected, whoever started it: the last one out. To be called under the lock that everybody
 * enters by, with our own guard still open.
 */
export const stopUnlessUsed = async (place: Place, server: Server, guard: Guard, log: Log): Promise<void> => {
  const child = server.child && isRunning(server.child) ? server.child : undefined
  const others = await countOthers(server.url, guard)
  if (others === undefined) {
    // It answers nobody. Ours is ended all the same; of another's we do not know whose the number in its file is by now.
    if (child) await endChild(child)
    return
  }
  if (others > 0) return log.info({ others }, 'the embedded PostgreSQL stays: others use it')
  if (child) await endChild(child)
  else await endAdopted(place, log)
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

/** Fast shutdown (postgres, "Shutting Down the Server"); if that hangs, the immediate one, which the log recovers from. */
const endChild = async (child: ChildProcess): Promise<void> => {
  child.ref()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGINT')
  if ((await Promise.race([ended, setTimeout(SHUTDOWN_MS, 'late', { ref: false })])) === 'late') child.kill('SIGQUIT')
  await ended
}

/** The server takes its file away when it has ended well; its number may stay a zombie's for as long as its parent likes. */
const endAdopted = async (place: Place, log: Log): Promise<void> => {
  const pid = readPidFile(place.data)?.pid
  if (pid === undefined) return
  const isHere = (): boolean => readPidFile(place.data)?.pid === pid
  try {
    process.kill(pid, 'SIGINT')
    const until = performance.now() + SHUTDOWN_MS
    while (isHere() && performance.now() < until) await setTimeout(POLL_MS)
    if (isHere()) process.kill(pid, 'SIGQUIT')
  } catch (error) {
    if (!isCode(error, 'EPERM', 'ESRCH')) throw error
    log.info({ pid }, 'the embedded PostgreSQL stays: it is another user’s')
  }
}

const OTHERS = `select count(*)::int as others, count(*) filter (where application_name = '${GUARD}')::int as guards
   from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/** Beside our own guard. Undefined when the server does not answer. */
const countOthers = async (url: string, guard: Guard): Promise<number | undefined> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    const until = performance.now() + LEAVING_MS
    for (;;) {
      const { rows } = await client.query<{ others: number; guards: number }>(OTHERS)
      const { others = 0, guards = 0 } = rows[0] ?? {}
      const ours = guard.isOpen() ? 1 : 0
      // What is no guard may be a connection of ours that was closed a moment ago; another guard is another process.
      if (others <= ours || guards > ours || performance.now() > until) return Math.max(0, others - ours)
      await setTimeout(POLL_MS)
    }
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => {})
  }
}
