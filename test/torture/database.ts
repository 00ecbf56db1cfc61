import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../support/ports.ts'
import { machineBinaries } from '../support/test-server.ts'
import type { Chance } from './chance.ts'

/** The hub's database, to be killed. It comes back by itself: the embedded one by the hub's doing, the other by ours, as by systemd's. */
export type Database = {
  /** What the hub is told. */
  readonly environment: Readonly<Record<string, string>>
  /** Of the one that may be written to, for us. */
  url(): string
  /** Undefined: no server runs, or it is still putting its data in order. */
  readyPid(): number | undefined
  /** Of whatever server there is, ready or not. */
  pid(): number | undefined
  end(): Promise<void>
}

const POLL_MS = 20
/** `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const user = process.getuid?.() === 0 ? NOBODY : undefined

type PidFile = { readonly pid: number; readonly status: string }

/** Number and status of the server that says it runs on these data (src/include/utils/pidfile.h); undefined when it does not live. */
const readPidFile = (data: string): PidFile | undefined => {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    const isOurs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)
    return isOurs ? { pid, status: (lines[7] ?? '').trim() } : undefined
  } catch {
    return undefined
  }
}

const pidsOf = (data: string): Pick<Database, 'pid' | 'readyPid'> => ({
  pid: () => readPidFile(data)?.pid,
  readyPid: () => {
    const file = readPidFile(data)
    return file?.status === 'ready' ? file.pid : undefined
  },
})

/** Where the hub keeps its embedded one. The hub starts it, adopts it, and brings it back. */
export const embeddedDatabase = (folder: string): Database => {
  const home = join(folder, 'hub/postgres')
  const pids = pidsOf(join(home, 'postgres'))
  return {
    environment: {},
    url: () => `postgres://postgres@localhost/postgres?host=${encodeURIComponent(join(home, 'socket'))}`,
    ...pids,
    end: async () => {
      const pid = pids.pid()
      if (pid !== undefined) process.kill(pid, 'SIGINT')
      while (pids.pid() !== undefined) await pause(POLL_MS)
    },
  }
}

/** A cluster of the machine's own PostgreSQL, with its usual durability, started again whenever it is gone. */
export const ownDatabase = async (folder: string): Promise<Database> => {
  const bin = join(machineBinaries().root, 'bin')
  const home = join(folder, 'server')
  const data = join(home, 'postgres')
  mkdirSync(home)
  if (user) chownSync(home, user.uid, user.gid)
  const options = { ...user, cwd: '/', env: { LC_ALL: 'C' } }
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], options)
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const [port = 0] = await freePorts(1)
  const output = openSync(join(folder, 'server.log'), 'a')
  let ended = false
  let child: ChildProcess | undefined
  const start = (): void => {
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'timezone=UTC']
    child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...options,
      stdio: ['ignore', output, output],
    })
    // Children of a killed server hold its memory for a moment: till then it is refused, and started again.
    child.once('exit', () => ended || setTimeout(start, POLL_MS))
  }
  start()
  const pids = pidsOf(data)
  while (pids.readyPid() === undefined) await pause(POLL_MS)
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  return {
    environment: { DATABASE_URL: url },
    url: () => url,
    ...pids,
    end: async () => {
      ended = true
      child?.kill('SIGINT')
      while (child?.exitCode === null && child.signalCode === null) await pause(POLL_MS)
    },
  }
}

const childrenOf = (pid: number): readonly number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself, or its parent took it down first.
  }
}

/** What can happen to a server: its first process is killed; all of it; one process, so that the first throws the others out and recovers. */
export const WOUNDS = ['first', 'all', 'one'] as const
export type Wound = (typeof WOUNDS)[number]

export const wound = (pid: number, how: Wound, chance: Chance): void => {
  const children = childrenOf(pid)
  const [one = pid, ...others] = children
  const victims = { first: [pid], all: [pid, ...children], one: [chance.pick(one, ...others)] }
  for (const victim of victims[how]) kill(victim)
}
