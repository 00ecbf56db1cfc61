import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { demoFolder, renderDemoFile } from '../../src/sandbox/index.ts'
import { freePorts } from '../support/ports.ts'
import type { Database } from '../torture/database.ts'

/** Two hub processes on one PostgreSQL, behind one public address, as an operator runs them. */
export type TwoHubs = {
  /** Where each is reached; the first is the public address too. */
  readonly roots: readonly [string, string]
  /** The database's. */
  readonly url: string
  /** As operators set them up: the demo's merchants with these addresses. Returns the e-service's API key. */
  setUp(addresses: { readonly bankRoot: string; readonly shopRoot: string }): Promise<string>
  /** Kills both at once and then their database, and starts all again. */
  killAll(): Promise<void>
  end(): Promise<void>
}

export type HubsParts = {
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly database: Database
  /** Somebody else starts the database again; otherwise the hubs do. */
  readonly comesBack: boolean
}

const READY_WAIT_MS = 120_000
const POLL_MS = 50
/** Storms come from one address: so that pages count payers and not it, each payer says for whom it comes. */
const TRUSTED = '127.0.0.0/8,::1/128'

export const startTwoHubs = async ({ folder, program, database, comesBack }: HubsParts): Promise<TwoHubs> => {
  const [first = 0, second = 0] = await freePorts(2)
  const ports = [first, second]
  const roots = [`http://localhost:${first}`, `http://localhost:${second}`] as const
  const home = join(folder, 'hub')
  mkdirSync(home, { mode: 0o711 })
  const output = openSync(join(folder, 'hubs.log'), 'a')
  const env = (port: number) => ({
    PATH: process.env.PATH,
    ...database.environment,
    PORT: String(port),
    EBIZNESS_PUBLIC_URL: roots[0],
    EBIZNESS_DATA_DIR: home,
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
    EBIZNESS_TRUSTED_PROXIES: TRUSTED,
  })
  const start = (port: number): ChildProcess =>
    spawn(process.execPath, [program, 'start'], { cwd: folder, env: env(port), stdio: ['ignore', output, output] })
  let children = ports.map(start)
  const stopAll = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = children.filter(lives).map((child) => once(child, 'exit'))
    for (const child of children) child.kill(signal)
    await Promise.all(ended)
  }
  const ready = async (): Promise<void> => {
    await Promise.all(roots.map((root, place) => isReady(root, () => children[place])))
  }
  await ready().catch(async (error: unknown) => {
    await stopAll('SIGKILL')
    throw error
  })
  const command = async (...args: readonly string[]): Promise<unknown> => {
    const options = { cwd: folder, env: env(first) }
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], options)
    return JSON.parse(stdout)
  }
  return {
    roots,
    url: database.url(),
    setUp: async (addresses) => {
      const file = join(folder, 'cma.yaml')
      writeFileSync(file, configuration(addresses))
      await command('apply', file, '--yes')
      const made = await command('keys', 'create', '--e-service', 'property-tax')
      const { key } = z.object({ key: z.string() }).parse(made)
      await Promise.all(roots.map((root) => offers(root, key)))
      return key
    },
    killAll: async () => {
      await stopAll('SIGKILL')
      const pid = database.readyPid()
      if (pid === undefined) throw new Error('the database ran no more when it was to be killed')
      process.kill(pid, 'SIGKILL')
      await until('the database is gone, or comes back by itself', async () => database.pid() !== pid)
      if (comesBack) await until('the database is back', async () => database.readyPid() !== undefined)
      children = ports.map(start)
      await ready()
    },
    end: () => stopAll('SIGTERM'),
  }
}

const lives = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

/** The demo's merchants; nobody listens to notices here. */
const configuration = (addresses: Parameters<typeof renderDemoFile>[0]): string =>
  renderDemoFile(addresses)
    .replace(/notices: \[\{.*\}\]/, 'notices: []')
    .replaceAll(/file: (keys\/)/g, `file: ${demoFolder}$1`)
    .replaceAll(/logo: (look\/)/g, `logo: ${demoFolder}$1`)

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + READY_WAIT_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not in ${READY_WAIT_MS / 1000} s`)
    await pause(POLL_MS)
  }
}

const isReady = (root: string, child: () => ChildProcess | undefined): Promise<void> =>
  until(`${root} is ready`, async () => {
    const started = child()
    if (started && !lives(started)) throw new Error(`${root} ended with ${started.exitCode ?? started.signalCode}`)
    return fetch(`${root}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  })

/** A running hub has taken over what another process applied. */
const offers = (root: string, key: string): Promise<void> =>
  until(`${root} offers banks`, async () => {
    const answer = await fetch(`${root}/v1/channels`, { headers: { authorization: `Bearer ${key}` } })
    return answer.ok && (await answer.text()).includes('"swedbank-lv"')
  })
