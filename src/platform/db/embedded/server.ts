import { type ChildProcess, spawn } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../../log.ts'
import { cannotRun, isCode } from './binaries.ts'
import { isAlive } from './lock.ts'
import type { Place } from './place.ts'

/** One run of the server, and how to reach it. */
export type Server = {
  /** Absent when another process started it. */
  readonly child: ChildProcess | undefined
  readonly url: string
}

export type Settings = Readonly<Record<string, string>>

/**
 * For hubs that share a small machine; what a person wants otherwise belongs to a PostgreSQL of their own. Several hubs, each with all
 * its connections, must not starve one another, nor the commands beside them.
 */
const SETTINGS: Settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  shared_buffers: '64MB',
  max_wal_size: '1GB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The server's own life, and nothing of failed statements: their details quote rows (R10).
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

/** What the server says of itself when it takes connections. */
const READY = /^(ready|standby)$/

const SUPERUSER = 'postgres'
/** A server killed a moment ago holds its lock while it is a zombie (seen for 1.2 s), or while its children end. */
const HELD_WAIT_MS = 10_000
/** Replaying what a crash left may take long; the server is alive meanwhile and says that it is starting. */
const RECOVERY_WAIT_MS = 300_000
const POLL_MS = 10
const RETRY_MS = 100
const PROBE_MS = 2_000
const MAX_LOG_BYTES = 10_000_000

/** Makes the data where there are none: in a draft that gets its name when it is whole, so that a crash leaves nothing half made. */
export const makeData = async (place: Place, locale: readonly string[]): Promise<void> => {
  if (existsSync(join(place.data, 'PG_VERSION'))) return
  const home = dirname(place.data)
  const prefix = `${basename(place.data)}.draft`
  for (const name of readdirSync(home)) if (name.startsWith(prefix)) rmSync(join(home, name), { recursive: true })
  const draft = join(home, `${prefix}-${process.pid}`)
  mkdirSync(draft, { mode: 0o700 })
  if (place.user) chownSync(draft, place.user.uid, place.user.gid)
  const program = join(place.binaries, 'bin', 'initdb')
  await runToEnd(place, program, ['-D', draft, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '-k', ...locale])
  try {
    renameSync(draft, place.data)
  } catch (error) {
    rmSync(draft, { recursive: true })
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

const runToEnd = (place: Place, program: string, args: readonly string[]): Promise<void> =>
  new Promise((done, failed) => {
    const child = spawn(program, args, {
      ...place.user,
      cwd: '/',
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    child.once('error', (error) => failed(cannotRun(program, error)))
    child.once('close', (code) =>
      code === 0
        ? done()
        : failed(new Error(`${basename(program)} failed: ${said.trim().replaceAll('\n', ' ')}${wayOut(said)}`)),
    )
  })

/** The server that runs on these data, if it answers. */
const adopt = async (place: Place): Promise<Server | undefined> => {
  const told = readPidFile(place.data)
  if (told === undefined || !READY.test(told.status)) return undefined
  const url = urlOf(told.sockets)
  return (await answers(url)) ? { child: undefined, url } : undefined
}

/**
 * Starts the server, or adopts one that another process started. Throws one sentence for a person. To be called by one process at a
 * time, see `withLock`.
 */
export const startOrAdopt = async (place: Place, settings: Settings, log: Log): Promise<Server> => {
  const until = performance.now() + HELD_WAIT_MS
  for (;;) {
    const adopted = await adopt(place)
    if (adopted) return adopted
    const started = await start(place, settings, log)
    if (started.kind === 'started') return started.server
    if (started.kind === 'failed') throw new Error(`the embedded PostgreSQL did not start: ${started.why}`)
    if (performance.now() > until)
      throw new Error(`${place.data} is held by process ${started.pid}, which does not answer: end it`)
    if (!isPostgres(started.pid)) rmSync(join(place.data, 'postmaster.pid'), { force: true })
    await setTimeout(RETRY_MS)
  }
}

type Started =
  | { readonly kind: 'started'; readonly server: Server }
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'failed'; readonly why: string }

const start = async (place: Place, settings: Settings, log: Log): Promise<Started> => {
  const logFile = `${place.data}.log`
  const program = join(place.binaries, 'bin', 'postgres')
  const all = { ...SETTINGS, unix_socket_directories: place.sockets, ...settings }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const tooLong = existsSync(logFile) && statSync(logFile).size > MAX_LOG_BYTES
  const output = openSync(logFile, tooLong ? 'w' : 'a', 0o600)
  const from = statSync(logFile).size
  // A group of its own: Ctrl-C in the hub's terminal is not for the server. It outlives this process, see `adopt`.
  const child = spawn(program, ['-D', place.data, ...args], {
    ...place.user,
    cwd: '/',
    env: { LC_ALL: 'C' },
    stdio: ['ignore', output, output],
    detached: true,
  })
  closeSync(output)
  child.unref()
  let problem: Error | undefined
  child.once('error', (error) => {
    problem = cannotRun(program, error)
  })
  const url = urlOf(place.sockets)
  const begun = performance.now()
  let told = false
  while (child.exitCode === null && child.signalCode === null && problem === undefined) {
    const file = readPidFile(place.data)
    if (file && file.pid === child.pid && READY.test(file.status) && (await answers(url)))
      return { kind: 'started', server: { child, url } }
    if (performance.now() - begun > RECOVERY_WAIT_MS)
      return { kind: 'failed', why: `it is still not ready, see ${logFile}` }
    if (!told && performance.now() - begun > HELD_WAIT_MS) {
      told = true
      log.info({ logFile }, 'the embedded PostgreSQL is still putting its data in order')
    }
    await setTimeout(POLL_MS)
  }
  if (problem) return { kind: 'failed', why: problem.message }
  const words = readFileSync(logFile).subarray(from).toString()
  return judge(place, words, logFile, wordless(child.exitCode, child.signalCode))
}

/** A program that is killed says nothing. SIGKILL is what Linux sends when memory has run out. */
const wordless = (code: number | null, signal: NodeJS.Signals | null): string => {
  if (signal === null) return `it ended with code ${code} without a word`
  const why =
    signal === 'SIGKILL' ? 'somebody did, or the memory ran out: "dmesg" or "journalctl -k" tells' : 'start again'
  return `it was killed by ${signal} while it was starting; ${why}`
}

/** What the server's last words mean. */
const judge = (place: Place, words: string, logFile: string, ended: string): Started => {
  if (/lock file "[^"]*" already exists|pre-existing shared memory block/.test(words)) {
    return { kind: 'held', pid: readPidFile(place.data)?.pid ?? 0 }
  }
  const versions = /initialized by PostgreSQL version (\S+),.*version (\d+)/.exec(words)
  if (versions) {
    const [, made, mine] = versions
    return {
      kind: 'failed',
      why: `${place.data} was made by PostgreSQL ${made}, this is ${mine}: export it with the former release first`,
    }
  }
  const fatal = /(?:FATAL|PANIC|could not|cannot|error).*/.exec(words)?.[0] ?? ended
  return { kind: 'failed', why: `${fatal} (see ${logFile})` }
}

/** Lines of `postmaster.pid` (src/include/utils/pidfile.h): number, data, start, port, sockets, address, memory, status. */
export const readPidFile = (
  data: string,
): { readonly pid: number; readonly sockets: string; readonly status: string } | undefined => {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), sockets: lines[4] ?? '', status: (lines[7] ?? '').trim() }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** After a restart of the machine or the container the number may belong to anybody. Where one cannot look it is taken for a server. */
const isPostgres = (pid: number): boolean => {
  if (!isAlive(pid)) return true
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')
  } catch {
    return true
  }
}

/** Port and encryption named, since the driver would take them from PGPORT and PGSSLMODE, which speak of another server. */
const urlOf = (sockets: string): string =>
  `postgres://${SUPERUSER}@localhost:5432/postgres?host=${encodeURIComponent(sockets)}&sslmode=disable` /** In a container the user's number may have no name; PostgreSQL wants one. */
const wayOut = (said: string): string =>
  /user does not exist/.test(said)
    ? '. Run as a user that the system knows, or set DATABASE_URL to a PostgreSQL of your own'
    : ''

/** A living process is no proof: only an answer is. */
const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PROBE_MS, query_timeout: PROBE_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
