import type { ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { type Binaries, installedBinaries } from './embedded/binaries.ts'
import { withLock } from './embedded/lock.ts'
import { findPlace } from './embedded/place.ts'
import { adopt, makeData, type Server, type Settings, startOrAdopt } from './embedded/server.ts'

/**
 * The embedded database: the real PostgreSQL from npm on a unix socket, shared by every process that names the same folder. It outlives
 * a killed hub; the next start finds it running.
 */
export type Embedded = {
  /** For `openDb` and `migrate`. */
  readonly url: string
  /** Holds the data: `dataDir`, unless the server's user cannot enter it. */
  readonly home: string
  /** Starts the server again whenever it dies, until `stop`. */
  watch(): void
  /** Ends the server if this process started it and nobody else is connected. Close our own connections first. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  /** Made if it is not there. Under root it may turn out that the data must live elsewhere; the log says where. */
  readonly dataDir: string
  readonly log: Log
  /** Another build than the one from npm, for tests. */
  readonly binaries?: Binaries
  /** Settings of the server, for tests: a throw-away database need not be durable. */
  readonly settings?: Settings
  /** Folders for what cannot stay in place, in this order. */
  readonly elsewhere?: readonly string[]
}

const RESTART_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
/** How long our own closed connections may still be seen by the server. */
const LEAVING_MS = 1_000
const SHUTDOWN_MS = 10_000

/** Starts or adopts the server. Throws one sentence for a person: no build for this platform, data of another version, no right to the folder. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<Embedded> => {
  const { log } = options
  const binaries = options.binaries ?? installedBinaries()
  const place = findPlace(options.dataDir, binaries, log, options.elsewhere)
  const ensure = async (): Promise<Server> =>
    (await adopt(place)) ??
    (await withLock(`${place.data}.lock`, async () => {
      await makeData(place, binaries.locale)
      return startOrAdopt(place, options.settings ?? {}, log)
    }))

  let server = await ensure()
  let stopped = false
  let guard: pg.Client | undefined
  let returning: Promise<void> | undefined

  const bringBack = async (): Promise<void> => {
    for (let pauseMs = RESTART_PAUSE_MS; !stopped; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const back = await ensure()
        if (back.child) server = back
        if (!stopped) await standGuard()
        return
      } catch (error) {
        log.error({ error }, 'the embedded PostgreSQL cannot be started again; trying on')
        await setTimeout(pauseMs, undefined, { ref: false })
      }
    }
  }

  /** An open connection ends when the server does: no polling, and other processes see that somebody is here. */
  const standGuard = async (): Promise<void> => {
    const client = new pg.Client({
      connectionString: server.url,
      application_name: 'ebizness guard',
      connectionTimeoutMillis: 3_000,
    })
    client.on('error', () => {})
    await client.connect()
    client.once('end', () => {
      if (stopped) return
      log.warn({}, 'the embedded PostgreSQL died: starting it again')
      returning = bringBack()
    })
    guard = client
  }

  return {
    url: server.url,
    home: dirname(place.data),
    watch: () => {
      standGuard().catch(() => {
        returning = bringBack()
      })
    },
    stop: async () => {
      stopped = true
      await returning
      await guard?.end()
      if (server.child && isRunning(server.child)) await stopUnlessUsed(server.child, server.url, log)
    },
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

const OTHERS = `select count(*)::int as others from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

const stopUnlessUsed = async (child: ChildProcess, url: string, log: Log): Promise<void> => {
  const others = await countOthers(url)
  if (others > 0) return log.info({ others }, 'the embedded PostgreSQL stays: others use it')
  child.ref()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Fast shutdown (postgres, "Shutting Down the Server"); if that hangs, the immediate one, which the log recovers from.
  child.kill('SIGINT')
  if ((await Promise.race([ended, setTimeout(SHUTDOWN_MS, 'late', { ref: false })])) === 'late') child.kill('SIGQUIT')
  await ended
}

const countOthers = async (url: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const until = performance.now() + LEAVING_MS
    for (;;) {
      const { rows } = await client.query<{ others: number }>(OTHERS)
      const others = rows[0]?.others ?? 0
      if (others === 0 || performance.now() > until) return others
      await setTimeout(20)
    }
  } catch {
    // It cannot tell, so it does not serve anybody either.
    return 0
  } finally {
    await client.end().catch(() => {})
  }
}
