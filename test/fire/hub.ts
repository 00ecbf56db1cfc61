import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { masterKeysOf, openStorage, readConfig } from '../../src/app/index.ts'
import { channels } from '../../src/channels/index.ts'
import { systemClock } from '../../src/kernel/time.ts'
import { openMerchants } from '../../src/merchants/index.ts'
import { openNotices } from '../../src/notices/index.ts'
import { openSealer } from '../../src/platform/crypto/index.ts'
import { openClient } from '../../src/platform/http/client.ts'
import { silentLog } from '../../src/platform/log.ts'
import { demoFolder, renderDemoFile } from '../../src/sandbox/index.ts'
import { openTasks } from '../../src/tasks/index.ts'
import { freePorts } from '../support/ports.ts'
import type { Database } from '../torture/database.ts'
import type { Address } from './addresses.ts'

/** The hub as operators run it, in one process or several, with as many e-services as there are addresses. */
export type Hubs = {
  readonly roots: readonly string[]
  /** What each e-service is given. */
  readonly access: ReadonlyMap<string, Access>
  /** What an operator types, in a process of its own; returns what it prints for programs. */
  command(...args: readonly string[]): Promise<unknown>
  /** `kill -9` of one, which is started again at once; resolves when it serves. */
  strike(): Promise<void>
  /** Kills all: what is on its way to the dead is not waited for. */
  end(): Promise<void>
}

export type Access = { readonly apiKey: string; readonly noticeKeys: readonly string[] }

export type HubParts = {
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly database: Database
  readonly processes: number
  readonly addresses: readonly Address[]
  /** Where the bank and the e-services would have their pages. */
  readonly elsewhere: string
}

/** A thousand e-services that are new make a megabyte. */
const MAX_PRINTED_BYTES = 64 * 1024 * 1024
const READY_WAIT_MS = 60_000
/** Fewer than there are connections to the database. */
const GIVEN_AT_ONCE = 16

export const startHubs = async (parts: HubParts): Promise<Hubs> => {
  const { folder, program, processes } = parts
  const ports = await freePorts(processes)
  const roots = ports.map((port) => `http://localhost:${port}`)
  mkdirSync(join(folder, 'hub'), { mode: 0o711 })
  const env = {
    ...parts.database.environment,
    EBIZNESS_PUBLIC_URL: roots[0] ?? '',
    EBIZNESS_DATA_DIR: join(folder, 'hub'),
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
  }
  writeFileSync(join(folder, 'cma.yaml'), fileFor(parts.addresses, parts.elsewhere))
  const command = async (...args: readonly string[]): Promise<unknown> => {
    const typed = [program, ...args, '--json']
    const { stdout } = await promisify(execFile)(process.execPath, typed, {
      cwd: folder,
      env,
      maxBuffer: MAX_PRINTED_BYTES,
    })
    return JSON.parse(stdout)
  }
  await command('apply', join(folder, 'cma.yaml'), '--yes')
  const access = await accessOf(env, parts.addresses)
  const output = openSync(join(folder, 'hub.log'), 'a')
  const start = (port: number): ChildProcess =>
    spawn(process.execPath, [program, 'start'], {
      cwd: folder,
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', output, output],
    })
  const children = ports.map(start)
  const end = async (): Promise<void> => {
    await Promise.all(children.map(ended))
  }
  try {
    await Promise.all(roots.map(ready))
  } catch (fault) {
    await end()
    throw fault
  }
  const strike = async (): Promise<void> => {
    const [place, port = 0] = [ports.length - 1, ports.at(-1)]
    const struck = children[place]
    if (struck) await ended(struck)
    children[place] = start(port)
    await ready(roots[place] ?? '')
  }
  return { roots, access, command, strike, end }
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

const ready = async (root: string): Promise<void> => {
  const until = performance.now() + READY_WAIT_MS
  for (;;) {
    const answer = await fetch(`${root}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    if (performance.now() > until) throw new Error(`no hub is ready at ${root}`)
    await pause(50)
  }
}

/** The demo's merchant with its agreement at SEB, and all these e-services of it. */
const fileFor = (addresses: readonly Address[], elsewhere: string): string => {
  const demo = renderDemoFile({ bankRoot: elsewhere, shopRoot: elsewhere }).replaceAll(
    /file: (keys\/)/g,
    `file: ${demoFolder}$1`,
  )
  const [merchant = ''] = demo.split(/^ {4}eServices:$/m)
  const eServices = addresses.map(
    ({ eService, url }) => `      - id: ${eService}
        mode: test
        name: { lv: ${eService}, en: ${eService} }
        returnOrigins: ["${elsewhere}"]
        notices: [{ url: "${url}" }]
        offers: [liepkalni-seb]
        languages: [lv, en]
        look: { brandColour: "#1d4f91" }
`,
  )
  return `${merchant}    eServices:\n${eServices.join('')}`
}

/** Of all e-services at once: a command for each would take minutes. */
const accessOf = async (
  env: Readonly<Record<string, string>>,
  addresses: readonly Address[],
): Promise<ReadonlyMap<string, Access>> => {
  const read = readConfig(env, 'test')
  if (!read.ok) throw new Error(read.error.join('\n'))
  const storage = await openStorage(read.value, silentLog)
  const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))
  const masterKeys = masterKeysOf(read.value, storage)
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  const sealer = openSealer(masterKeys, random)
  const own = { db: storage.db, clock: systemClock, random }
  const merchants = await openMerchants({ ...own, channels, masterKeys, allowFixtures: true })
  const notices = openNotices({ ...own, client, sealer, tasks: openTasks(random) })
  const given = async ({ eService }: Address): Promise<readonly [string, Access]> => {
    const made = await merchants.createApiKey({ eService, name: 'fire', scopes: [], now: systemClock.now() })
    if (!made.ok) throw new Error(made.error)
    const keys = await notices.addresses(eService)
    const noticeKeys = keys.flatMap(({ secret, publicKey }) => [secret, publicKey])
    return [eService, { apiKey: made.value.key, noticeKeys }]
  }
  try {
    const access = new Map<string, Access>()
    for (let done = 0; done < addresses.length; done += GIVEN_AT_ONCE) {
      const some = await Promise.all(addresses.slice(done, done + GIVEN_AT_ONCE).map(given))
      for (const [eService, one] of some) access.set(eService, one)
    }
    return access
  } finally {
    await merchants.close()
    await client.close()
    await storage.close()
  }
}
