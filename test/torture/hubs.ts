import { execFile } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { demoFolder, renderDemoFile } from '../../src/sandbox/index.ts'
import { freePorts } from '../support/ports.ts'
import { answerTo } from './asking.ts'
import { startBalancer } from './balancer.ts'
import type { Database } from './database.ts'
import { type HubProcess, startHub } from './hub.ts'
import type { Ledger } from './ledger.ts'

/** Several hubs on one database behind one public address. */
export type Hubs = {
  /** Where payers, banks and e-services reach them. */
  readonly root: string
  readonly processes: readonly HubProcess[]
  /** Those that bear a part of the load since they, or what they need, were struck last; not those that are spared. */
  serving(): readonly HubProcess[]
  /** Struck just now, or what they need: whether they serve is to be seen anew. */
  struck(processes: readonly HubProcess[]): void
  /** As operators set it up: the demo's merchants with these addresses. Returns what the e-service is given. */
  setUp(roots: { readonly bankRoot: string; readonly shopRoot: string }): Promise<Access>
  /** Asks them to stop, and waits. */
  end(): Promise<void>
}

export type Access = { readonly apiKey: string; readonly noticeKeys: readonly string[] }

export type HubsParts = {
  readonly count: number
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly database: Database
  readonly ledger: Ledger
}

const E_SERVICE = 'property-tax'
/** How soon the bogus bank is asked: seconds instead of half a minute, so that a lost message is made good while we watch. */
const ASK_SOON = 'payableForMinutes: 15, askAfterSeconds: { begun: 5, returned: 1, asked: [2, 4, 8] }'
const OFFERS_WAIT_MS = 60_000
/** Requests of the load that it answered: then it serves. */
const SERVES_AFTER = 10

export const startHubs = async ({ count, folder, program, database, ledger }: HubsParts): Promise<Hubs> => {
  const ports = await freePorts(count)
  const balancer = await startBalancer(ports)
  const root = `http://localhost:${balancer.port}`
  const home = join(folder, 'hub')
  mkdirSync(home, { mode: 0o711, recursive: true })
  const env = {
    ...database.environment,
    EBIZNESS_PUBLIC_URL: root,
    EBIZNESS_DATA_DIR: home,
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
  }
  const processes = ports.map((port, place) =>
    startHub({ folder, program, port, env, output: openSync(join(folder, `hub-${place + 1}.log`), 'a'), ledger }),
  )
  const end = async (): Promise<void> => {
    await Promise.all(processes.map((one) => one.end()))
    await balancer.stop()
  }
  try {
    for (const one of processes) await answerTo(ledger, { url: `${one.root}/readyz` })
  } catch (fault) {
    await end()
    throw fault
  }
  const command = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], { cwd: folder, env })
    return JSON.parse(stdout)
  }
  return {
    root,
    processes,
    serving: () => processes.filter((one) => !one.isSpared() && balancer.answered(one.port) >= SERVES_AFTER),
    struck: (some) => {
      for (const { port } of some) balancer.forget(port)
    },
    setUp: async (roots) => {
      const access = await setUp(command, folder, roots)
      for (const one of processes) await offered(ledger, one.root, access.apiKey)
      return access
    },
    end,
  }
}

/** Applies the demo's merchants by a command line. */
export const setUp = async (
  command: (...args: readonly string[]) => Promise<unknown>,
  folder: string,
  roots: { readonly bankRoot: string; readonly shopRoot: string },
): Promise<Access> => {
  const file = renderDemoFile(roots)
    .replaceAll('payableForMinutes: 15', ASK_SOON)
    .replaceAll(/(file|logo): ((?:keys|look)\/)/g, `$1: ${demoFolder}$2`)
  writeFileSync(join(folder, 'cma.yaml'), file)
  await command('apply', join(folder, 'cma.yaml'), '--yes')
  const { key } = z.object({ key: z.string() }).parse(await command('keys', 'create', '--e-service', E_SERVICE))
  const Keys = z.array(z.object({ secret: z.string(), publicKey: z.string() }))
  const addresses = Keys.parse(await command('keys', 'notices', '--e-service', E_SERVICE))
  return { apiKey: key, noticeKeys: addresses.flatMap(({ secret, publicKey }) => [secret, publicKey]) }
}

/** The running hub has taken over what another process applied. */
export const offered = async (ledger: Ledger, root: string, key: string): Promise<void> => {
  const until = performance.now() + OFFERS_WAIT_MS
  for (;;) {
    const init = { headers: { authorization: `Bearer ${key}` } }
    const answer = await answerTo(ledger, { url: `${root}/v1/channels`, init })
    if (answer?.status === 200 && answer.text.includes('"swedbank-lv"')) return
    if (performance.now() > until) throw new Error(`the hub offers nothing: ${answer?.text}`)
    await pause(100)
  }
}
