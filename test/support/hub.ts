import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { z } from 'zod'
import { buildAssets } from '../../build-assets.mjs'
import { applyFile } from '../../src/app/commands/session.ts'
import { type Composed, compose } from '../../src/app/compose.ts'
import type { Config } from '../../src/app/config.ts'
import { MODULES, type ModuleName } from '../../src/app/modules.ts'
import { listen } from '../../src/app/serve.ts'
import { channels as everyChannel, type ListedChannel } from '../../src/channels/index.ts'
import { simulators } from '../../src/channels/simulators.ts'
import type { Clock } from '../../src/kernel/time.ts'
import type { Db } from '../../src/platform/db/db.ts'
import { openDb } from '../../src/platform/db/postgres.ts'
import { type Assets, loadAssets } from '../../src/platform/html/index.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { openTraces, type Traces } from '../../src/platform/traces.ts'
import {
  demoFolder,
  demoKeys,
  type MovingClock,
  movingClock,
  renderDemoFile,
  setupsFrom,
  startWorld,
  type World,
} from '../../src/sandbox/index.ts'
import { testConfig } from './config.ts'
import { type FreshDatabase, freshDatabase } from './database.ts'
import { onceInRun } from './seed.ts'

/** A whole hub over real sockets and a real database, with the simulated banks, an e-service that listens, and a clock that can be moved. */
export type TestHub = {
  readonly root: string
  readonly composed: Composed
  readonly world: World
  readonly clock: MovingClock
  readonly database: FreshDatabase
  /** What seals its keys, as `EBIZNESS_MASTER_KEY` would be given. */
  readonly masterKey: string
  /** Notices that reached the e-service, as they came. */
  readonly notices: readonly ReceivedNotice[]
  /** What the e-service answers to a notice; 200 unless changed. */
  answerNotices(status: number): void
  /** Where the demo e-service lives. */
  readonly shopRoot: string
  api(method: 'GET' | 'POST', path: string, body?: unknown, more?: ApiOptions): Promise<ApiAnswer>
  /** Everything that is due is done: jobs, deliveries, and what the banks were about to send. */
  settle(): Promise<void>
  /** Makes the demo's `cma.yaml`, changed, true. */
  apply(change: (text: string) => string): Promise<void>
  /** A new key of an e-service. */
  keyOf(eService: string, scopes?: readonly string[]): Promise<{ readonly id: string; readonly key: string }>
  /** Another hub on the same database behind the same public address, with its own connections; as after a restart. */
  beside(options?: NodeOptions): Promise<Node>
  stop(): Promise<void>
}

export type Node = { readonly root: string; readonly composed: Composed; stop(): Promise<void> }

export type NodeOptions = {
  readonly masterKey?: Uint8Array
  /** Another database than the hub's, e.g. one restored from a backup. */
  readonly database?: Pick<FreshDatabase, 'url'>
  /** What it does: everything unless told. */
  readonly modules?: readonly ModuleName[]
}

export type TestHubOptions = {
  /** What the first node does: everything unless told. */
  readonly modules?: readonly ModuleName[]
  /** Changes the demo's `cma.yaml` before it is applied. */
  readonly file?: (text: string) => string
  /** Changes what the hub can speak to. */
  readonly channels?: (listed: readonly ListedChannel[]) => readonly ListedChannel[]
  /** Networks of the proxies in front. */
  readonly trustedProxies?: readonly string[]
  /** What the hub's clock runs with until it is moved: the machine's when absent. */
  readonly runsWith?: Clock
  /** The path of the hub's public address, e.g. `/payments`. */
  readonly path?: string
  /** One that the test can take away; dropped with the hub. */
  readonly database?: FreshDatabase
  /** What the environment would say otherwise. */
  readonly config?: Partial<Config>
  /** Where the hub's log goes; nowhere when absent. */
  readonly log?: Log
  readonly traces?: Traces
}

export type ReceivedNotice = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly notice: Notice
}
const NoticeShape = z.object({
  type: z.string(),
  timestamp: z.string(),
  sequence: z.number(),
  data: z.object({ eService: z.string(), payment: z.record(z.string(), z.unknown()) }),
})
export type Notice = z.infer<typeof NoticeShape>

export type ApiOptions = {
  readonly key?: string
  readonly idempotencyKey?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Which node is asked; the first one when absent. */
  readonly root?: string
}
/** Answers as an integrator's program reads them: the fields of all calls, and whatever else there is. */
export type ApiBody = {
  readonly id: string
  readonly status: string
  readonly reference: string
  readonly payUrl: string
  readonly paidAmount: number
  readonly code: string
  readonly detail: string
  readonly payment: string
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  readonly payments: readonly ApiBody[]
  readonly next: string | null
  readonly events: readonly {
    readonly id: string
    readonly type: string
    readonly sequence: number
    readonly data: Notice['data']
  }[]
  readonly cursor: string
  readonly more: boolean
  readonly offers: readonly { readonly id: string; readonly name: string; readonly logo: string }[]
  readonly attempts: readonly {
    readonly id: string
    readonly offer: string
    readonly number: string
    readonly status: string
    readonly reason: string | null
    readonly paidAt: string | null
  }[]
  readonly [more: string]: unknown
}
export type ApiAnswer = { readonly status: number; readonly body: ApiBody; readonly headers: Headers }

/** An e-service that only listens. */
const startReceiver = async () => {
  const notices: ReceivedNotice[] = []
  let answer = 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      if (request.method === 'POST') {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        )
        notices.push({ headers, body, notice: NoticeShape.parse(JSON.parse(body)) })
      }
      response.writeHead(request.method === 'POST' ? answer : 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    root: `http://localhost:${port}`,
    notices,
    answerWith: (status: number) => {
      answer = status
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()),
  }
}

/** Listens before the hub is there, since a hub must know its address. */
const startNode = async (
  publicUrl: string | undefined,
  path: string,
  make: (config: Config) => Promise<Composed>,
): Promise<Node & { readonly config: Config }> => {
  let handle: Composed['fetch'] = () => new Response('starting', { status: 503 })
  const listening = await listen((request, peer) => handle(request, peer), 0, '127.0.0.1')
  const root = `http://localhost:${listening.port}${path}`
  const config = testConfig(publicUrl ?? root)
  const composed = await make(config)
  handle = composed.fetch
  const stop = async () => {
    await listening.close(0)
    await composed.close(0)
  }
  return { root, config, composed, stop }
}

/** Built for this run: a stylesheet that lies in `dist/` may be an old one, or none. */
const builtAssets = async (): Promise<Assets> =>
  loadAssets(await onceInRun('assets', async (draft) => buildAssets(draft)))

export const startTestHub = async (options: TestHubOptions = {}): Promise<TestHub> => {
  const database = options.database ?? (await freshDatabase())
  const { log = silentLog, traces = openTraces() } = options
  const clock = movingClock(options.runsWith)
  const channels = options.channels?.(everyChannel) ?? everyChannel
  const receiver = await startReceiver()
  const assets = await builtAssets()
  const masterKeysOf = (key: Uint8Array) => ({ newest: 1, byVersion: new Map([[1, key]]) })
  const ownKey = new Uint8Array(randomBytes(32))
  const node = (db: Db, publicUrl?: string, masterKeys = masterKeysOf(ownKey), modules = options.modules ?? MODULES) =>
    startNode(publicUrl, options.path ?? '', (own) => {
      const config = { ...own, trustedProxies: options.trustedProxies ?? [], ...options.config }
      return compose({ config, db, channels, masterKeys, clock, log, assets, modules, traces })
    })
  const { root, config, composed, stop } = await node(database.db)
  const world = await startWorld({
    port: 0,
    simulators,
    setups: (bankRoot) => setupsFrom(renderDemoFile({ bankRoot, shopRoot: receiver.root })),
    keys: demoKeys(),
    clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    send: (request) => composed.client.send(request),
    log: () => {},
  })
  const demo = renderDemoFile({ bankRoot: world.root, shopRoot: receiver.root })
  const apply: TestHub['apply'] = async (change) => {
    const file = { name: 'cma.yaml', text: change(demo), folder: demoFolder }
    await applyFile({ config, composed }, file, false, async () => true)
  }
  const keyOf: TestHub['keyOf'] = async (eService, scopes = []) => {
    const made = await composed.merchants.createApiKey({ eService, name: 'test', scopes, now: clock.now() })
    if (!made.ok) throw new Error(made.error)
    return made.value
  }
  await apply(options.file ?? ((text) => text))
  const { key } = await keyOf('property-tax', ['payer:read'])
  clock.onMove({ settle: composed.drain, due: composed.due })
  return {
    root,
    composed,
    world,
    clock,
    database,
    masterKey: Buffer.from(ownKey).toString('base64'),
    notices: receiver.notices,
    answerNotices: receiver.answerWith,
    shopRoot: receiver.root,
    api: (method, path, body, more = {}) => call(more.root ?? root, key, method, path, body, more),
    settle: async () => {
      await clock.advance(0)
      await composed.drain()
    },
    apply,
    keyOf,
    beside: async ({ masterKey = ownKey, database: { url } = database, modules } = {}) => {
      const db = await openDb({ url, poolSize: 8 })
      const other = await node(db, root, masterKeysOf(masterKey), modules)
      const leave = async () => {
        await other.stop()
        await db.close()
      }
      return { ...other, stop: leave }
    },
    stop: async () => {
      await world.stop()
      await stop()
      clock.stop()
      await receiver.stop()
      await database.drop()
    },
  }
}

const call = async (
  root: string,
  key: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  more: ApiOptions,
): Promise<ApiAnswer> => {
  const response = await fetch(root + path, {
    method,
    headers: {
      authorization: `Bearer ${more.key ?? key}`,
      ...(method === 'POST'
        ? {
            'content-type': 'application/json',
            'idempotency-key': more.idempotencyKey ?? randomBytes(8).toString('hex'),
          }
        : {}),
      ...more.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const parsed: ApiBody = JSON.parse(text === '' ? '{}' : text)
  return { status: response.status, body: parsed, headers: response.headers }
}
