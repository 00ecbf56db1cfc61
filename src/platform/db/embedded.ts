import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { type Binaries, installedBinaries } from './embedded/binaries.ts'
import { refusedFolder } from './embedded/folder.ts'
import { type Guard, openGuard, stopUnlessUsed } from './embedded/leave.ts'
import { withLock } from './embedded/lock.ts'
import { findPlace, type Place } from './embedded/place.ts'
import { makeData, type Server, type Settings, startOrAdopt } from './embedded/server.ts'

/**
 * The embedded database: the real PostgreSQL from npm on a unix socket, shared by every process that names the same folder. It outlives
 * a killed hub; the next start finds it running, and the last process that leaves it ends it.
 */
export type Embedded = {
  /** For `openDb` and `migrate`. */
  readonly url: string
  /** Holds the data: `dataDir`, unless the server's user cannot enter it. */
  readonly home: string
  /** Starts the server again whenever it dies, until `stop`. */
  watch(): void
  /** Ends the server if nobody else is connected, whoever started it. Close our own connections first. */
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
/** Who cannot have the lock so long leaves the server to whoever holds it. */
const LEAVE_WAIT_MS = 5_000

/** Starts or adopts the server. Throws one sentence for a person: no build for this platform, data of another version, no right to the folder. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<Embedded> => {
  const { log, dataDir } = options
  const binaries = options.binaries ?? installedBinaries()
  try {
    const place = findPlace(dataDir, binaries, log, options.elsewhere)
    const lock = `${place.data}.lock`
    /** One at a time, until our own connection is open: whoever leaves meanwhile sees that somebody is here. */
    const enter = (): Promise<Entered> =>
      withLock(lock, async () => {
        await makeData(place, binaries.locale)
        const server = await startOrAdopt(place, options.settings ?? {}, log)
        return { server, guard: await openGuard(server.url) }
      })
    const entered = await enter()
    return embeddedAt(place, lock, entered, enter, log)
  } catch (fault) {
    throw refusedFolder(fault, dataDir)
  }
}

type Entered = { readonly server: Server; readonly guard: Guard }

const embeddedAt = (
  place: Place,
  lock: string,
  entered: Entered,
  enter: () => Promise<Entered>,
  log: Log,
): Embedded => {
  let { server, guard } = entered
  let stopped = false
  let returning: Promise<void> | undefined

  const bringBack = async (): Promise<void> => {
    for (let pauseMs = RESTART_PAUSE_MS; !stopped; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const back = await enter()
        if (back.server.child) server = back.server
        guard = back.guard
        standGuard()
        return
      } catch (error) {
        log.error({ error }, 'the embedded PostgreSQL cannot be started again; trying on')
        await setTimeout(pauseMs, undefined, { ref: false })
      }
    }
  }

  const standGuard = (): void => {
    void guard.ended.then(() => {
      if (stopped) return
      log.warn({}, 'the embedded PostgreSQL died: starting it again')
      returning = bringBack()
    })
  }

  return {
    url: server.url,
    home: dirname(place.data),
    watch: standGuard,
    stop: async () => {
      stopped = true
      await returning
      await withLock(lock, () => stopUnlessUsed(place, server, guard, log), LEAVE_WAIT_MS).catch((error: unknown) =>
        log.info({ error }, 'the embedded PostgreSQL stays'),
      )
      await guard.close()
    },
  }
}
