import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { demoFolder, renderDemoFile } from '../../src/sandbox/index.ts'
import { answerTo } from './asking.ts'
import { type Database, freePort } from './database.ts'
import type { Ledger } from './ledger.ts'

/** The hub as operators run it: a process that is started again whenever it ends. */
export type HubProcess = {
  readonly root: string
  /** As operators set it up: the demo's merchants with these addresses. Returns what the e-service is given. */
  setUp(roots: { readonly bankRoot: string; readonly shopRoot: string }): Promise<Access>
  /** Kills it, and starts it again at once. */
  strike(): Promise<void>
  /** Asks it to stop, and waits. */
  end(): Promise<void>
}

export type Access = { readonly apiKey: string; readonly noticeKeys: readonly string[] }

export type HubParts = {
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

export const startHub = async ({ folder, program, database, ledger }: HubParts): Promise<HubProcess> => {
  const port = await freePort()
  const root = `http://localhost:${port}`
  const home = join(folder, 'hub')
  mkdirSync(home, { mode: 0o711 })
  const output = openSync(join(folder, 'hub.log'), 'a')
  const env = {
    ...database.environment,
    PORT: String(port),
    EBIZNESS_PUBLIC_URL: root,
    EBIZNESS_DATA_DIR: home,
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
  }
  let struck = false
  const start = (): ChildProcess => {
    const started = spawn(process.execPath, [program, 'start'], { cwd: folder, env, stdio: ['ignore', output, output] })
    started.once('exit', (code, signal) => {
      if (struck) return
      ledger.breaches.push(`the hub ended by itself: ${signal ?? code}`)
      child = start()
    })
    return started
  }
  let child = start()
  await answerTo(ledger, { url: `${root}/readyz` }).catch((error: unknown) => {
    struck = true
    child.kill('SIGKILL')
    throw error
  })

  const command = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], { cwd: folder, env })
    return JSON.parse(stdout)
  }

  return {
    root,
    setUp: async (roots) => {
      const file = renderDemoFile(roots)
        .replaceAll('payableForMinutes: 15', ASK_SOON)
        .replaceAll(/file: ((?:keys|look)\/)/g, `file: ${demoFolder}$1`)
        .replaceAll(/logo: (look\/)/g, `logo: ${demoFolder}$1`)
      writeFileSync(join(folder, 'cma.yaml'), file)
      await command('apply', join(folder, 'cma.yaml'), '--yes')
      const { key } = z.object({ key: z.string() }).parse(await command('keys', 'create', '--e-service', E_SERVICE))
      const Keys = z.array(z.object({ secret: z.string(), publicKey: z.string() }))
      const addresses = Keys.parse(await command('keys', 'notices', '--e-service', E_SERVICE))
      await offered(ledger, root, key)
      return { apiKey: key, noticeKeys: addresses.flatMap(({ secret, publicKey }) => [secret, publicKey]) }
    },
    strike: async () => {
      struck = true
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      struck = false
      child = start()
    },
    end: async () => {
      struck = true
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const [code, signal] = await ended
      if (code !== 0) ledger.breaches.push(`the hub did not stop as asked: ${signal ?? code}`)
    },
  }
}

/** The running hub has taken over what another process applied. */
const offered = async (ledger: Ledger, root: string, key: string): Promise<void> => {
  const until = performance.now() + OFFERS_WAIT_MS
  for (;;) {
    const init = { headers: { authorization: `Bearer ${key}` } }
    const answer = await answerTo(ledger, { url: `${root}/v1/channels`, init })
    if (answer?.status === 200 && answer.text.includes('"swedbank-lv"')) return
    if (performance.now() > until) throw new Error(`the hub offers nothing: ${answer?.text}`)
    await pause(100)
  }
}
