import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ListedChannel } from '../channels/index.ts'
import type { Random } from '../kernel/ids.ts'
import type { Clock, Instant } from '../kernel/time.ts'
import { type MerchantsModule, openMerchants } from '../merchants/index.ts'
import { type NoticesModule, openNotices } from '../notices/index.ts'
import {
  type Hub,
  messageTasks,
  openHealth,
  openNumbers,
  openTokens,
  paymentJobs,
  paymentTasks,
  setChores,
  type Tokens,
} from '../payments/index.ts'
import { type MasterKeys, openSealer, parseMasterKeys } from '../platform/crypto/index.ts'
import type { Db } from '../platform/db/db.ts'
import { type Embedded, startEmbedded } from '../platform/db/embedded.ts'
import { migrate } from '../platform/db/migrate.ts'
import { openDb } from '../platform/db/postgres.ts'
import { type Assets, loadAssets } from '../platform/html/index.ts'
import type { OutboundPolicy } from '../platform/http/addresses.ts'
import { type HttpClient, openClient } from '../platform/http/client.ts'
import { pathOf, withoutPath } from '../platform/http/prefix.ts'
import type { JobHandler, Jobs, Worker } from '../platform/jobs/jobs.ts'
import { createJobs } from '../platform/jobs/queue.ts'
import { createWorker, type WorkerOptions } from '../platform/jobs/worker.ts'
import type { Log } from '../platform/log.ts'
import type { Mailer } from '../platform/mail/mail.ts'
import { openOutbox } from '../platform/mail/outbox.ts'
import { openSmtp } from '../platform/mail/smtp.ts'
import { openTraces, type Traces } from '../platform/traces.ts'
import { type Desk, openDesk, openTasks } from '../tasks/index.ts'
import { type Config, networksOf } from './config.ts'
import { MIGRATED_MODULES } from './migrations.ts'
import { MODULES, type ModuleName } from './modules.ts'
import { openWatch } from './watch.ts'
import { webOf } from './web.ts'

/** The database that the configuration means, brought up to this release. */
export type Storage = {
  readonly db: Db
  readonly url: string
  /** What belongs to the data and is not in the database is kept here, and stays with them. */
  readonly folder: string
  close(): Promise<void>
}

/**
 * Starts or adopts the embedded server when no `DATABASE_URL` is given. `atWork`: for a hub that will serve, not for a command beside it.
 * Throws one sentence for a person.
 */
export const openStorage = async (config: Config, log: Log, { atWork = false } = {}): Promise<Storage> => {
  const wanted = join(resolve(config.dataDir), 'postgres')
  const embedded: Embedded | undefined = config.databaseUrl ? undefined : await startEmbedded({ dataDir: wanted, log })
  const url = config.databaseUrl ?? embedded?.url ?? ''
  let db: Db
  try {
    await migrate({ url, modules: MIGRATED_MODULES, log })
    db = await openDb({ url, log, poolSize: config.poolSize, atWork })
  } catch (fault) {
    await embedded?.stop()
    throw fault
  }
  // A command that brought it back would be its parent, with a command's small share of the processors.
  if (atWork) embedded?.watch()
  return {
    db,
    url,
    folder: embedded && embedded.home !== realpathSync(wanted) ? embedded.home : resolve(config.dataDir),
    close: async () => {
      await db.close()
      await embedded?.stop()
    },
  }
}

/** In test mode a master key is made once and kept with the data that it seals; in live mode it comes from the environment. */
export const masterKeysOf = (config: Config, { folder }: Pick<Storage, 'folder'>): MasterKeys => {
  const parsed = parseMasterKeys(config.masterKey ?? madeMasterKey(folder))
  if (!parsed.ok) throw new Error(`EBIZNESS_MASTER_KEY: ${parsed.error}`)
  return parsed.value
}

const madeMasterKey = (folder: string): string => {
  const file = join(folder, 'master.key')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    // Two commands may start at once: the first file made is the one that counts.
    try {
      writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' })
    } catch (fault) {
      if (!existsSync(file)) throw fault
    }
    chmodSync(file, 0o600)
  }
  return readFileSync(file, 'utf8').trim()
}

export type Parts = {
  readonly config: Config
  readonly db: Db
  readonly channels: readonly ListedChannel[]
  readonly masterKeys: MasterKeys
  readonly clock: Clock
  readonly log: Log
  readonly random?: Random
  /** Its way out: by sockets unless told. */
  readonly client?: HttpClient
  /** Milliseconds that only go forward; the machine's unless told. */
  readonly elapsedMs?: () => number
  /** Waits before a write is tried again; by the machine's clock unless told. */
  readonly pause?: (ms: number) => Promise<void>
  readonly assets?: Assets
  /** Those of the program that the hub runs in unless told. */
  readonly traces?: Traces
  /** What this process does: everything unless told. */
  readonly modules?: readonly ModuleName[]
}

/** A hub that is put together and not yet at work. */
export type Composed = {
  readonly hub: Hub
  readonly merchants: MerchantsModule
  readonly notices: NoticesModule
  /** Where people work on what needs them. */
  readonly desk: Desk
  readonly tokens: Tokens
  readonly client: HttpClient
  /** The whole hub as a function of a request; `peer` is who connected. */
  fetch(request: Request, peer?: string): Response | Promise<Response>
  /** Begins jobs and deliveries. */
  work(): Promise<void>
  /** Does everything that is due now and what follows from it; for a clock that a test moves. */
  drain(): Promise<void>
  /** What it will do by itself after now, earliest first; for a clock that a test moves. */
  due(): Promise<readonly Due[]>
  /** From now on `/readyz` says no and neither job nor delivery begins, while requests are answered; waits for those that run, at most `graceMs`. */
  leave(graceMs: number): Promise<void>
  /** Ends what is under way, at most `graceMs`, and lets go of everything but the database. */
  close(graceMs: number): Promise<void>
}

/** What kind of thing (a job's kind, or `notice`), and the payment or whatever else it is about. */
export type Due = { readonly at: Instant; readonly what: string; readonly about: string }
/** As many as a person looks at. */
const DUE_SHOWN = 10

export const compose = async (parts: Parts): Promise<Composed> => {
  const { config, db, channels, clock, log, masterKeys, modules = MODULES, traces = openTraces() } = parts
  const random: Random = parts.random ?? ((size) => new Uint8Array(randomBytes(size)))
  const sealer = openSealer(masterKeys, random)
  const client = parts.client ?? openClient({ policy: outboundPolicyOf(config) })
  const allowFixtures = config.mode === 'test'
  const { elapsedMs, pause } = parts
  const merchants = await openMerchants({ db, channels, masterKeys, clock, random, allowFixtures, elapsedMs })
  const jobs = createJobs({ db, clock })
  const metrics = openWatch({
    config,
    db,
    channels,
    clock,
    log,
    due: () => jobs.due(handlers.map(({ kind }) => kind)),
    backlog: () => notices.backlog(),
    tasks: () => desk.count(),
  })
  const tasks = openTasks(random)
  const means = { clock, random, elapsedMs, pause }
  const notices = openNotices({ db, client, ...means, sealer, tasks, log, meters: metrics, traces })
  const hub: Hub = {
    db,
    jobs,
    merchants,
    notices,
    tasks,
    channels,
    numbers: openNumbers(db),
    health: openHealth(clock),
    send: sendThrough(client, clock),
    mailer: mailerOf(config),
    clock,
    random,
    publicUrl: config.publicUrl,
    mode: config.mode,
    sealer,
    warn: (what, details) => log.warn(details, what),
    count: metrics.count,
    observe: metrics.observe,
    traces,
  }
  const desk = openDesk(db, [paymentTasks(hub), messageTasks(hub), notices.taskOwner])
  const tokens = openTokens(hub)
  const path = pathOf(config.publicUrl)
  const assets = below(path, parts.assets ?? loadAssets())
  const count: WorkerOptions['count'] = (kind, outcome) => metrics.count('job_runs', { kind, outcome })
  const worker: Worker = createWorker({ db, clock, log, count, random })
  const handlers: readonly JobHandler[] = paymentJobs(hub, tokens)
  const { leave, isLeaving } = openLeaving([worker, notices])
  const inside = { config, hub, tokens, merchants, channels, db, assets, isLeaving }
  const web = webOf({ ...inside, log, metrics, clock, random, modules })
  return {
    hub,
    merchants,
    notices,
    desk,
    tokens,
    client,
    fetch: (request, peer = '') => web.fetch(withoutPath(path, request), { peer }),
    work: async () => {
      if (modules.includes('payments')) {
        await setChores(hub)
        worker.start(handlers)
      }
      if (modules.includes('notices')) notices.start()
    },
    drain: async () => {
      const jobsOf = async () => (modules.includes('payments') ? await worker.drain(handlers) : 0)
      const noticesOf = async () => (modules.includes('notices') ? await notices.drain() : 0)
      // What one does may give the other more to do.
      do await jobsOf()
      while ((await noticesOf()) > 0)
    },
    due: async () => dueOf(jobs, notices, handlers, modules),
    leave,
    close: async (graceMs) => {
      await leave(graceMs)
      await merchants.close()
      await client.close()
    },
  }
}

/** What works by itself, told to begin nothing more. */
const openLeaving = (loops: readonly Pick<Worker, 'stop'>[]) => {
  let leaving = false
  return {
    isLeaving: () => leaving,
    leave: async (graceMs: number): Promise<void> => {
      leaving = true
      await Promise.all(loops.map((loop) => loop.stop(graceMs)))
    },
  }
}

const dueOf = async (
  jobs: Jobs,
  notices: NoticesModule,
  handlers: readonly JobHandler[],
  modules: readonly ModuleName[],
): Promise<readonly Due[]> => {
  const waitedFor = handlers.filter((handler) => !handler.housekeeping).map(({ kind }) => kind)
  const [upcoming, owed] = await Promise.all([
    modules.includes('payments') ? jobs.upcoming(waitedFor, DUE_SHOWN) : [],
    modules.includes('notices') ? notices.upcoming(DUE_SHOWN) : [],
  ])
  return [
    ...upcoming.map(({ kind, key, runAt }) => ({ at: runAt, what: kind, about: key.split('/').at(-1) ?? key })),
    ...owed.map(({ at, subject }) => ({ at, what: 'notice', about: subject })),
  ]
}

/** As pages name them; the files themselves lie where the hub's own routes find them. */
const below = (path: string, assets: Assets): Assets => ({
  ...assets,
  stylesheet: path + assets.stylesheet,
  script: path + assets.script,
  icon: path + assets.icon,
  reference: path + assets.reference,
})

/** Which addresses anything of this installation may call. Throws a sentence for a person. */
export const outboundPolicyOf = (config: Config): OutboundPolicy => ({
  testMode: config.mode === 'test',
  allowedNetworks: networksOf('EBIZNESS_ALLOWED_NETWORKS', config.allowedNetworks),
})

/** In test mode without a mail server letters are files. */
const mailerOf = (config: Config): Mailer | undefined => {
  const { smtpUrl, mailFrom } = config
  if (smtpUrl !== undefined) return openSmtp({ url: smtpUrl, from: mailFrom, policy: outboundPolicyOf(config) })
  return config.mode === 'test' ? openOutbox(join(resolve(config.dataDir), 'mail'), mailFrom) : undefined
}

/** The outbound client with the hub's clock: windows of time are judged against when the hub says an answer came. */
const sendThrough =
  (client: HttpClient, clock: Clock): Hub['send'] =>
  async ({ method, ...request }) => {
    const sent = await client.send({ ...request, method: methodOf(method) })
    return sent.kind === 'answered' ? { kind: sent.kind, reply: { ...sent.reply, receivedAt: clock.now() } } : sent
  }

const methodOf = (method: string): 'GET' | 'POST' | 'PUT' | 'DELETE' => {
  if (method === 'GET' || method === 'POST' || method === 'PUT' || method === 'DELETE') return method
  throw new Error(`a channel asked for the method ${method}`)
}
