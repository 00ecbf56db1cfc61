import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { machineBinaries } from '../support/test-server.ts'
import type { Chance } from './chance.ts'

/** A cluster of the machine's own PostgreSQL, with its usual durability, started again whenever it is gone. */
export type Cluster = Pids & {
  readonly port: number
  /** To it, past any proxy. */
  readonly url: string
  /** Starts it, and again whenever it ends. */
  run(): Promise<void>
  /** The machine is gone: all its processes at once, its data too. It can be made anew. */
  destroy(): Promise<void>
  /** New data, or the same as `source` has, of which it is then a standby. */
  make(source?: Cluster): Promise<void>
  end(): Promise<void>
}

export type Pids = {
  /** Undefined: no server runs, or it is still putting its data in order. */
  readyPid(): number | undefined
  /** Of whatever server there is, ready or not. */
  pid(): number | undefined
}

const POLL_MS = 20
/** Children of a killed server hold its memory for a moment: till then it is refused, and started again; so it is on a full disk. */
const AGAIN_MS = 50
/** `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
export const serverUser = process.getuid?.() === 0 ? NOBODY : undefined
const OPTIONS = { ...serverUser, cwd: '/', env: { LC_ALL: 'C' } }

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  // A small disk must hold it.
  max_wal_size: '128MB',
  // A standby that was away finds what it missed.
  wal_keep_size: '256MB',
  // A standby that lost its primary looks again at once.
  wal_retrieve_retry_interval: '100ms',
}

/** `log` takes what it says: not in `home`, whose disk may be full. */
export const openCluster = (home: string, port: number, log: string): Cluster => {
  const bin = join(machineBinaries().root, 'bin')
  const data = join(home, 'postgres')
  const pids = pidsOf(data)
  let child: ChildProcess | undefined
  let wanted = false
  const begin = (): void => {
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const output = openSync(log, 'a')
    const started = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...OPTIONS,
      stdio: ['ignore', output, output],
    })
    child = started
    started.once('exit', () => setTimeout(() => wanted && child === started && begin(), AGAIN_MS))
  }
  const gone = async (): Promise<void> => {
    while (child && child.exitCode === null && child.signalCode === null) await pause(POLL_MS)
  }
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    ...pids,
    make: async (source) => {
      mkdirSync(home, { recursive: true, mode: 0o711 })
      if (serverUser) chownSync(home, serverUser.uid, serverUser.gid)
      if (!source) await runToEnd(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'])
      else await runToEnd(join(bin, 'pg_basebackup'), ['-D', data, '-d', source.url, '-R', '-c', 'fast', '-N'])
    },
    run: async () => {
      wanted = true
      begin()
      while (pids.readyPid() === undefined) await pause(POLL_MS)
    },
    destroy: async () => {
      wanted = false
      const pid = pids.pid()
      if (pid !== undefined) for (const victim of [pid, ...childrenOf(pid)]) kill(victim)
      await gone()
      rmSync(data, { recursive: true, force: true })
    },
    end: async () => {
      wanted = false
      child?.kill('SIGINT')
      await gone()
    },
  }
}

const runToEnd = (program: string, args: readonly string[]): Promise<unknown> =>
  promisify(execFile)(program, args, OPTIONS)

// ------------------------------------------------------------------------------------------------------------------------ processes

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

export const pidsOf = (data: string): Pids => ({
  pid: () => readPidFile(data)?.pid,
  readyPid: () => {
    const file = readPidFile(data)
    return file && /^(ready|standby)$/.test(file.status) ? file.pid : undefined
  },
})

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    // It has ended meanwhile.
    return []
  }
}

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
