import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, readFileSync, realpathSync, rmSync, watch, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freshDatabase } from './support/database.ts'
import { freePorts } from './support/ports.ts'
import { type Program, type ProgramOptions, runProgram } from './support/program.ts'
import { execute, openTempFolder } from './support/test-server.ts'
import { WRONG_PASSWORD } from './support/wrong-password.ts'

/** Every way in which a newcomer or an operator may start the built program. Nothing here waits for a time: only for a line or an end. */

const SLOW_MS = 120_000
const isRoot = process.getuid?.() === 0
/** `nobody`: a user that every system knows, and that owns nothing. */
const PLAIN_USER = 65_534

let running: Program[] = []
let folders: string[] = []
let listeners: { close(): unknown }[] = []
afterEach(async () => {
  for (const program of running) await program.kill()
  for (const folder of folders) {
    endPostgresOf(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  for (const listener of listeners) await listener.close()
  running = []
  folders = []
  listeners = []
}, SLOW_MS)

const newFolder = (): string => {
  const folder = openTempFolder('ebizness-start-')
  folders.push(folder)
  return folder
}

const run = async (args: readonly string[], options: ProgramOptions): Promise<Program> => {
  const program = await runProgram(args, options)
  running.push(program)
  return program
}

const homeOf = (folder: string): string => join(folder, '.ebizness/postgres')

/** The number of the PostgreSQL that holds these data; undefined when none does. */
const postgresOf = (home: string): number | undefined => {
  const file = join(home, 'postgres/postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
}
const endPostgresOf = (folder: string): void => {
  const pid = postgresOf(homeOf(folder))
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGQUIT')
  } catch {
    // It ended meanwhile.
  }
}

type Places = { readonly shop: string; readonly hub: string }

const demo = async (options: ProgramOptions): Promise<Program & Places> => {
  const program = await run(['demo'], options)
  await program.says(/Test mode: no real money/)
  const addressAfter = (label: string): string =>
    new RegExp(`${label}:? +(http://\\S+)`).exec(program.said())?.[1] ?? ''
  return { ...program, shop: addressAfter('pay a bill'), hub: addressAfter('the payment hub') }
}

/** Orders a payment in the demo e-service; the path of its page at the hub. */
const order = async ({ shop }: Places): Promise<string> => {
  const answer = await fetch(`${shop}/bills/1/pay?lang=en`, {
    method: 'POST',
    redirect: 'manual',
    body: new FormData(),
  })
  return new URL(answer.headers.get('location') ?? '').pathname
}
const pageAt = async ({ hub }: Places, path: string): Promise<string | undefined> =>
  /data-page="([^"]*)"/.exec(await (await fetch(hub + path)).text())?.[1]

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '')

describe('the demo', () => {
  it(
    'says where to go and how long it took, keeps its data over a stop and leaves nothing running',
    async () => {
      const folder = newFolder()
      const first = await demo({ folder })
      expect(first.said()).toMatch(/E-BIZness is ready \(\d+\.\d s\)\./)
      expect(first.said()).toContain(`Data: ${join(realpathSync(folder), '.ebizness')}.`)
      expect((await fetch(first.shop)).status).toBe(200)
      const payment = await order(first)
      expect(await pageAt(first, payment)).toBe('choose')

      const second = await (await run(['demo'], { folder })).ends()
      expect(second).toEqual({
        code: 1,
        said: `A demo already runs on this folder: open ${first.shop}. For a second one set EBIZNESS_DATA_DIR to another folder.\n`,
      })

      expect(await first.stop()).toBe(0)
      expect(lines(first.said()).at(-1)).toBe('Stopping.')
      expect(postgresOf(homeOf(folder))).toBeUndefined()

      const again = await demo({ folder })
      expect(await pageAt(again, payment)).toBe('choose')
      expect(await again.stop()).toBe(0)
    },
    SLOW_MS,
  )

  it(
    'takes up after kill -9 where it was, on the database that stayed',
    async () => {
      const folder = newFolder()
      const first = await demo({ folder })
      const payment = await order(first)
      await first.kill()
      const left = postgresOf(homeOf(folder))
      expect(left).toBeGreaterThan(0)
      const again = await demo({ folder })
      expect(postgresOf(homeOf(folder))).toBe(left)
      expect(await pageAt(again, payment)).toBe('choose')
      expect(await again.stop()).toBe(0)
    },
    SLOW_MS,
  )

  it(
    'ends as well when it is asked to while it starts, and leaves nothing running',
    async () => {
      const folder = newFolder()
      const watcher = watch(folder)
      listeners.push(watcher)
      const begun = once(watcher, 'change')
      const program = await run(['demo'], { folder })
      await begun
      expect(await program.stop()).toBe(0)
      expect(lines(program.said()).at(-1)).toBe('Stopping.')
      expect(postgresOf(homeOf(folder))).toBeUndefined()
    },
    SLOW_MS,
  )

  it(
    'recovers when hub and database were killed together',
    async () => {
      const folder = newFolder()
      const first = await demo({ folder })
      const payment = await order(first)
      await first.kill()
      process.kill(postgresOf(homeOf(folder)) ?? 0, 'SIGKILL')
      const again = await demo({ folder })
      expect(await pageAt(again, payment)).toBe('choose')
      expect(await again.stop()).toBe(0)
      expect(postgresOf(homeOf(folder))).toBeUndefined()
    },
    SLOW_MS,
  )

  it(
    'goes to the next free port when its own is taken, and says so',
    async () => {
      const port = await takePort()
      const started = await demo({ folder: newFolder(), env: { PORT: String(port) } })
      const found = Number(new URL(started.hub).port)
      expect(found).toBeGreaterThan(port)
      expect(found).toBeLessThanOrEqual(port + 20)
      expect((await fetch(`${started.hub}/healthz`)).status).toBe(200)
      expect(await started.stop()).toBe(0)
    },
    SLOW_MS,
  )

  it.runIf(isRoot)(
    'starts for root although PostgreSQL’s user cannot enter the folder',
    async () => {
      const locked = newFolder()
      chmodSync(locked, 0o700)
      const started = await demo({ folder: locked })
      folders.push(elsewhere(locked))
      expect(started.said()).toContain(`Data: ${elsewhere(locked)}.`)
      const payment = await order(started)
      expect(await started.stop()).toBe(0)
      // Data that live elsewhere outlive this folder, and so must the key that opens them.
      rmSync(join(locked, '.ebizness'), { recursive: true })
      const again = await demo({ folder: locked })
      expect(await pageAt(again, payment)).toBe('choose')
      expect(await again.stop()).toBe(0)
      expect(postgresOf(elsewhere(locked))).toBeUndefined()
    },
    SLOW_MS,
  )

  it.runIf(isRoot)(
    'starts for a plain user in a folder of its own',
    async () => {
      const own = newFolder()
      chmodSync(own, 0o700)
      chownSync(own, PLAIN_USER, PLAIN_USER)
      const started = await demo({ folder: own, uid: PLAIN_USER })
      expect(await pageAt(started, await order(started))).toBe('choose')
      expect(await started.stop()).toBe(0)
      expect(postgresOf(homeOf(own))).toBeUndefined()
    },
    SLOW_MS,
  )

  it.runIf(isRoot)(
    'says in one line that a user whom the system does not know cannot run the database',
    async () => {
      const stranger = 54_321
      const own = newFolder()
      chownSync(own, stranger, stranger)
      const { code, said } = await (await run(['demo'], { folder: own, uid: stranger })).ends()
      expect(code).toBe(3)
      expect(lines(said)).toHaveLength(1)
      expect(said).toContain(String(stranger))
    },
    SLOW_MS,
  )

  it.runIf(isRoot)(
    'says in one line which folder it may not write',
    async () => {
      const { code, said } = await (await run(['demo'], { folder: newFolder(), uid: PLAIN_USER })).ends()
      expect(code).toBe(3)
      expect(lines(said)).toHaveLength(1)
      expect(said).toMatch(/\.ebizness\S* may not be entered or written by user 65534: give it to that user/)
    },
    SLOW_MS,
  )
})

/** Where root's data go when the folder cannot be entered: see the rules of `platform/db/embedded/place.ts`. */
const elsewhere = (folder: string): string => {
  const home = realpathSync(homeOf(folder))
  return join('/var/lib/ebizness', createHash('sha256').update(home).digest('hex').slice(0, 12))
}

describe('the hub', () => {
  it(
    'says what live mode still needs, each in one line',
    async () => {
      const { code, said } = await (await run(['start'], { folder: newFolder() })).ends()
      expect(code).toBe(2)
      expect(lines(said).map((line) => line.split(':')[0])).toEqual(['EBIZNESS_MASTER_KEY', 'EBIZNESS_PUBLIC_URL'])
    },
    SLOW_MS,
  )

  it(
    'starts live on the embedded database once it has both, and ends when asked',
    async () => {
      const folder = newFolder()
      const env = {
        EBIZNESS_MASTER_KEY: Buffer.alloc(32, 'test').toString('base64'),
        EBIZNESS_PUBLIC_URL: 'https://hub.liepkalni.example',
        EBIZNESS_LOG_LEVEL: 'warn',
      }
      const hub = await run(['start'], { folder, env })
      const [, port] = await hub.says(/listens on port (\d+) as https:\/\/hub\.liepkalni\.example, in live mode/)
      expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200)
      expect(await hub.stop()).toBe(0)
      expect(postgresOf(homeOf(folder))).toBeUndefined()
    },
    SLOW_MS,
  )

  it(
    'says that it is not ready once it is asked to stop, still answers, and ends at once when it is asked again',
    async () => {
      const env = { EBIZNESS_MODE: 'test', EBIZNESS_DRAIN_SECONDS: '300' }
      const hub = await run(['start'], { folder: newFolder(), env })
      const [, port] = await hub.says(/listens on port (\d+) .* in test mode/)
      hub.child.kill('SIGTERM')
      await hub.says(/"stopping"/)
      const ask = async (path: string) => {
        const { status, headers } = await fetch(`http://localhost:${port}${path}`)
        return [status, headers.get('connection')]
      }
      expect(await ask('/readyz')).toEqual([503, 'close'])
      expect(await ask('/.well-known/jwks.json')).toEqual([200, 'close'])
      expect(await hub.stop()).toBe(1)
    },
    SLOW_MS,
  )

  it(
    'only delivers notices when that is all it is started for',
    async () => {
      const env = { EBIZNESS_MODE: 'test', EBIZNESS_LOG_LEVEL: 'error' }
      const hub = await run(['start', '--modules=notices'], { folder: newFolder(), env })
      const [, port] = await hub.says(/listens on port (\d+) .* in test mode, for notices only/)
      expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200)
      expect((await fetch(`http://localhost:${port}/v1/payments`)).status).toBe(503)
      expect(await hub.stop()).toBe(0)
    },
    SLOW_MS,
  )

  it.each(['--modules=', '--modules=notices,portal'])(
    'says in one line which modules there are: %s',
    async (option) => {
      const { code, said } = await (await run(['start', option], { folder: newFolder() })).ends()
      expect(code).toBe(2)
      expect(lines(said)).toHaveLength(1)
      expect(said).toContain('payments,notices')
    },
    SLOW_MS,
  )

  it.each([
    ['a host that does not answer', async () => `postgres://hub:wrong@127.0.0.1:${await closedPort()}/hub`],
    ['a host that is not there', async () => 'postgres://hub:wrong@nowhere.invalid/hub'],
    ['a password that is wrong', async () => `postgres://hub:wrong@127.0.0.1:${await refusingServer()}/hub`],
  ])(
    'says in one line, without the password, that the database cannot be used: %s',
    async (_why, address) => {
      const env = { EBIZNESS_MODE: 'test', DATABASE_URL: await address() }
      const { code, said } = await (await run(['start'], { folder: newFolder(), env })).ends()
      expect(lines(said)).toHaveLength(1)
      expect(said).not.toContain('hub:wrong')
      expect(code).toBe(3)
    },
    SLOW_MS,
  )

  it(
    'ends when it cannot begin its work, rather than answer without it',
    async () => {
      const { url, drop } = await freshDatabase()
      listeners.push({ close: drop })
      await execute(url, 'alter table platform.job add constraint nothing_new check (false) not valid')
      const env = { EBIZNESS_MODE: 'test', EBIZNESS_LOG_LEVEL: 'error', DATABASE_URL: url }
      const { code, said } = await (await run(['start'], { folder: newFolder(), env })).ends()
      expect(code).toBe(3)
      expect(said).toContain('nothing_new')
    },
    SLOW_MS,
  )

  it(
    'says in one line that its port is taken',
    async () => {
      const port = await takePort()
      const folder = newFolder()
      const env = { EBIZNESS_MODE: 'test', EBIZNESS_LOG_LEVEL: 'error', PORT: String(port) }
      const { code, said } = await (await run(['start'], { folder, env })).ends()
      expect(code).toBe(3)
      expect(lines(said)).toHaveLength(1)
      expect(said).toBe(`port ${port} is taken by another program: end that, or choose another by PORT\n`)
      expect(postgresOf(homeOf(folder))).toBeUndefined()
    },
    SLOW_MS,
  )
})

describe('the simulated banks', () => {
  it(
    'say in one line that their port is taken',
    async () => {
      const port = await takePort()
      const folder = newFolder()
      writeFileSync(join(folder, 'cma.yaml'), 'version: 1\nmerchants: []\n')
      const { code, said } = await (await run(['sandbox', 'cma.yaml', '--port', String(port)], { folder })).ends()
      expect(code).toBe(3)
      expect(said).toBe(`port ${port} is taken by another program: end that, or choose another by --port\n`)
    },
    SLOW_MS,
  )
})

// ---------------------------------------------------------------------------------------------------------------------- the machine

const listenWith = (answer: (socket: Socket) => void, host?: string): Promise<number> => {
  const server = createServer(answer)
  listeners.push(server)
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

const takePort = (): Promise<number> => listenWith((socket) => socket.destroy())

const closedPort = async (): Promise<number> => (await freePorts(1))[0] ?? 0

const refusingServer = (): Promise<number> =>
  listenWith((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(WRONG_PASSWORD))
  }, '127.0.0.1')
