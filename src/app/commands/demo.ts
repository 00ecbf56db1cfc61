import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { simulators } from '../../channels/simulators.ts'
import { privateKeyMaterial } from '../../platform/crypto/index.ts'
import { openClient } from '../../platform/http/client.ts'
import { pathOf } from '../../platform/http/prefix.ts'
import { createLog, type Log } from '../../platform/log.ts'
import {
  type DemoAccess,
  demoFolder,
  demoKeys,
  type KeyPlace,
  keysFrom,
  type MovingClock,
  movingClock,
  renderDemoFile,
  setupsFrom,
  startDemo,
  startWorld,
  type World,
} from '../../sandbox/index.ts'
import { channelsFor } from '../channels.ts'
import { type Composed, compose, masterKeysOf, openStorage } from '../compose.ts'
import type { Config } from '../config.ts'
import { listen } from '../serve.ts'
import { keptClock } from '../test-clock.ts'
import { untilStopped } from './lifetime.ts'
import { badInput, Ending, EXIT, type Exit, portRefused, print, say } from './output.ts'
import { applyFile, configOf, type FileToApply, readFileToApply } from './session.ts'

const E_SERVICE = 'property-tax'
const GRACE_MS = 2_000
/** Ports tried after the wanted one. */
const PORTS_TRIED = 20

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

/** The hub, the simulated banks and a demo e-service, on three origins, in one process. */
export const demo = async (): Promise<Exit> => {
  const wanted = configOf('test')
  if (wanted.mode !== 'test') throw badInput('the demo runs in test mode only: unset EBIZNESS_MODE')
  if (wanted.testClock !== undefined) throw badInput('the demo has a clock of its own: unset EBIZNESS_TEST_CLOCK')
  const log = createLog({ level: wanted.logLevel === 'info' ? 'warn' : wanted.logLevel })
  const begun = performance.now()
  await refuseSecond(wanted)
  // Before anything is opened: who is asked to stop while starting stops as well as later.
  const stopped = untilStopped()
  const opened: (() => Promise<void>)[] = []
  try {
    const welcomed = await openAll(wanted, log, (close) => opened.unshift(close))
    welcome({ ...welcomed, tookMs: performance.now() - begun })
    await stopped
    say('Stopping.')
  } finally {
    for (const close of opened) await close()
  }
  return EXIT.done
}

/** Tells of each part that is open how it is closed again, the last one first. */
const openAll = async (
  wanted: Config,
  log: Log,
  open: (close: () => Promise<void>) => void,
): Promise<Omit<Welcome, 'tookMs'>> => {
  const storage = await openStorage(wanted, log, { atWork: true })
  open(() => storage.close())
  const clock = keptClock(storage.folder)
  open(async () => clock.stop())
  let handle: Composed['fetch'] = () => new Response('starting', { status: 503 })
  const listening = await listenNear(wanted.port, (port) => listen((request, peer) => handle(request, peer), port))
  open(() => listening.close(GRACE_MS))
  const ownPort = listening.port === wanted.port
  const config: Config = ownPort
    ? wanted
    : { ...wanted, port: listening.port, publicUrl: `http://localhost:${listening.port}${pathOf(wanted.publicUrl)}` }
  const composed = await compose({
    config,
    db: storage.db,
    channels: channelsFor(config),
    masterKeys: masterKeysOf(config, storage),
    clock,
    log,
  })
  open(async () => {
    await listening.close(GRACE_MS)
    await composed.close(GRACE_MS)
  })
  handle = composed.fetch
  const world = await listenNear(config.port + 1, (port) => startBanks(composed, clock, port))
  open(() => world.stop())
  const shop = await listenNear(world.port + 1, (port) =>
    startDemo({
      port,
      access: () => accessOf(composed, config, clock),
      clock,
      log: (event, fields) => log.debug(fields, event),
    }),
  )
  open(() => shop.stop())
  const text = renderDemoFile({ bankRoot: world.root, shopRoot: shop.root })
  await applyFile({ config, composed }, { name: 'cma.yaml', text, folder: demoFolder }, false, async () => true)
  clock.onMove({ settle: composed.drain, due: composed.due })
  await composed.work()
  noteRunning(config, { pid: process.pid, port: config.port, shopRoot: shop.root })
  return { config, folder: storage.folder, bankRoot: world.root, shopRoot: shop.root }
}

const Running = z.object({ pid: z.int(), port: z.int(), shopRoot: z.string() })
const runningFile = (config: Config): string => join(resolve(config.dataDir), 'demo-running.json')

const noteRunning = (config: Config, running: z.infer<typeof Running>): void => {
  mkdirSync(resolve(config.dataDir), { recursive: true })
  writeFileSync(runningFile(config), JSON.stringify(running))
}

/** Two demos on one folder would lead each other's payers to the wrong simulated banks. A dead one's note is passed over. */
const refuseSecond = async (config: Config): Promise<void> => {
  const file = runningFile(config)
  const noted = existsSync(file) ? Running.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data : undefined
  if (!noted || !isAlive(noted.pid) || !(await isTaken(noted.port))) return
  throw new Ending(
    EXIT.no,
    `A demo already runs on this folder: open ${noted.shopRoot}. For a second one set EBIZNESS_DATA_DIR to another folder.`,
  )
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const isTaken = async (port: number): Promise<boolean> => {
  try {
    const probe = await listen(() => new Response(), port)
    await probe.close(0)
    return false
  } catch {
    return true
  }
}

/** The wanted port, or the next free one. */
const listenNear = async <Listener>(wanted: number, open: (port: number) => Promise<Listener>): Promise<Listener> => {
  for (let port = wanted; ; port++) {
    try {
      return await open(port)
    } catch (fault) {
      const taken = fault instanceof Error && 'code' in fault && fault.code === 'EADDRINUSE'
      if (!taken || port >= wanted + PORTS_TRIED) throw fault
    }
  }
}

const startBanks = (composed: Pick<Composed, 'client'>, clock: MovingClock, port: number): Promise<World> =>
  startWorld({
    port,
    simulators,
    // The banks know nothing of e-services.
    setups: (bankRoot) => setupsFrom(renderDemoFile({ bankRoot, shopRoot: bankRoot })),
    keys: demoKeys(),
    clock,
    random,
    send: (request) => composed.client.send(request),
    log: () => {},
  })

const Kept = z.object({ apiKey: z.string() })

/** The demo e-service's own API key, kept beside the database so that a restart makes no new one. */
const keptKey = async (
  { merchants }: Pick<Composed, 'merchants'>,
  config: Config,
  clock: MovingClock,
): Promise<string> => {
  const file = join(resolve(config.dataDir), 'demo.json')
  const kept = existsSync(file) ? Kept.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data : undefined
  if (kept && (await merchants.caller(kept.apiKey))) return kept.apiKey
  const made = await merchants.createApiKey({
    eService: E_SERVICE,
    name: 'demo e-service',
    scopes: [],
    now: clock.now(),
  })
  if (!made.ok) throw new Error(made.error)
  mkdirSync(resolve(config.dataDir), { recursive: true })
  writeFileSync(file, JSON.stringify({ apiKey: made.value.key }), { mode: 0o600 })
  return made.value.key
}

const accessOf = async (composed: Composed, config: Config, clock: MovingClock): Promise<DemoAccess> => {
  const addresses = await composed.notices.addresses(E_SERVICE)
  return {
    hubRoot: config.publicUrl,
    apiKey: await keptKey(composed, config, clock),
    eService: E_SERVICE,
    noticeKeys: addresses.filter((one) => !one.disabled).flatMap(({ secret, publicKey }) => [secret, publicKey]),
  }
}

type Welcome = {
  readonly config: Config
  readonly folder: string
  readonly bankRoot: string
  readonly shopRoot: string
  readonly tookMs: number
}

const welcome = ({ config, folder, bankRoot, shopRoot, tookMs }: Welcome): void => {
  print(`
  E-BIZness is ready (${(tookMs / 1000).toFixed(1)} s).

    Open this and pay a bill:  ${shopRoot}

    the payment hub            ${config.publicUrl}
    the simulated banks        ${bankRoot}
    the API to read            ${config.publicUrl}/docs

  Test mode: no real money. Data: ${config.databaseUrl ? 'the database of DATABASE_URL' : folder}. Ctrl+C ends it; nothing is lost.
`)
}

/** The PEM of a merchant's key, where its `cma.yaml` says that it is. */
const pemIn =
  ({ name, folder }: FileToApply) =>
  (place: KeyPlace): string => {
    const [where, pem] =
      'env' in place
        ? [`the variable ${place.env}`, process.env[place.env]]
        : [`the file ${place.file} in ${folder}`, textOf(resolve(folder, place.file))]
    if (pem === undefined) throw badInput(`${name}: ${where} is not there`)
    const key = privateKeyMaterial(pem)
    if (!key.ok) throw badInput(`${name}: ${where}: ${key.error}`)
    return pem
  }
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

/** The simulated banks alone, for a hub in test mode on this machine: they sign with the demo's keys, and know the merchants of the file. */
export const sandboxWorld = async (name: string, options: { readonly port: string }): Promise<Exit> => {
  const file = await readFileToApply(name)
  const clock = movingClock()
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw badInput(`--port ${options.port}: must be a port number`)
  const world = await startWorld({
    port,
    simulators,
    setups: () => setupsFrom(file.text),
    keys: keysFrom(file.text, pemIn(file)),
    clock,
    random,
    send: (request) => client.send(request),
    log: () => {},
  }).catch(async (fault: unknown) => {
    clock.stop()
    await client.close()
    throw portRefused(port, fault, '--port')
  })
  print(`The simulated banks listen at ${world.root}. Ctrl+C ends them.`)
  await untilStopped()
  await world.stop()
  await client.close()
  clock.stop()
  return EXIT.done
}
