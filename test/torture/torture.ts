import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { simulators } from '../../src/channels/simulators.ts'
import { openClient } from '../../src/platform/http/client.ts'
import {
  demoKeys,
  type MovingClock,
  movingClock,
  renderDemoFile,
  setupsFrom,
  startWorld,
  type World,
} from '../../src/sandbox/index.ts'
import { execute } from '../support/test-server.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { type Database, embeddedDatabase, ownDatabase, WOUNDS, wound } from './database.ts'
import { type Asked, allPayments, followFeed, wholeFeed } from './feed.ts'
import { type HubProcess, startHub } from './hub.ts'
import { attemptIn, type Ledger, openLedger } from './ledger.ts'
import { live, type Surroundings } from './payer.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import type { Report } from './report.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

export { shown } from './report.ts'

export type Options = {
  readonly kills: number
  readonly target: 'hub' | 'database'
  readonly store: 'embedded' | 'postgres'
  readonly seed: number
  /** At once. */
  readonly payers: number
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  /** The built command line. */
  readonly program: string
  /** Ends leases of dead hubs and moves the banks' clock when all kills are done, instead of waiting for minutes. */
  readonly hurry?: boolean
  /** The database answers before it has written: what is then lost must be seen here. */
  readonly careless?: boolean
  readonly say: (line: string) => void
}

/**
 * Kills the hub or its database under load, again and again, while this process – never killed – plays banks, payers and e-service and
 * keeps what each was told for certain. In the end nothing of that may be missing.
 */
export const torture = async (options: Options): Promise<Report> => {
  const { folder, program, store, seed, say } = options
  const chance = chanceFrom(seed)
  const ledger = openLedger()
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  const receiver = await startReceiver(ledger)
  const clock = movingClock()
  const world = await openBanks(ledger, clock)
  const hub = await startHub({ folder, program, database, ledger })
  try {
    if (options.careless) await answerTooSoon(database.url)
    const roots = { bankRoot: world.root, shopRoot: receiver.root }
    const { apiKey, noticeKeys } = await hub.setUp(roots)
    receiver.expect(noticeKeys)
    say(`The hub is at ${hub.root}; killing the ${options.target} ${options.kills} times.`)
    const asked = { hubRoot: hub.root, apiKey, ledger }
    const follower = followFeed(asked)
    const underLoad = sendPayers({ ...roots, ...asked, chance: chanceFrom(seed + 1) }, options.payers)
    await killAll({ ...options, chance, ledger, hub, database })
    await underLoad.stop()
    say('All kills are done; waiting for what is on its way.')
    if (options.hurry) await world.advance(BANKS_DONE_MS)
    const hurry = options.hurry ? { hurry: database } : {}
    const settled = { asked, world, receiver, followed: follower.found, url: database.url, ...hurry }
    const verdict = await settle(settled)
    await follower.stop()
    return reportOf(options, ledger, receiver, world, verdict)
  } finally {
    await hub.end()
    await database.end()
    await world.stop()
    await receiver.stop()
    clock.stop()
  }
}

const answerTooSoon = async (url: string): Promise<void> => {
  await execute(url, 'alter system set synchronous_commit = off')
  await execute(url, "alter system set wal_writer_delay = '10s'")
  await execute(url, 'select pg_reload_conf()')
}

/** The simulated banks, and what they are told: a notice that was answered with 200 is the hub's to keep. */
const openBanks = (ledger: Ledger, clock: MovingClock): Promise<World> => {
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  return startWorld({
    port: 0,
    simulators,
    setups: (bankRoot) => setupsFrom(renderDemoFile({ bankRoot, shopRoot: bankRoot })),
    keys: demoKeys(),
    clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    send: async (request) => {
      const outcome = await client.send(request)
      const attempt = attemptIn(request.url)
      if (attempt && outcome.kind === 'answered' && outcome.reply.status === 200) ledger.told.add(attempt)
      return outcome
    },
    log: () => {},
  })
}

/** So many payers at once, each after the other, until stopped; then those under way go to their end. */
const sendPayers = (around: Surroundings, count: number): { stop(): Promise<void> } => {
  let over = false
  const queue = async (): Promise<void> => {
    while (!over) {
      await live(around).catch((error: unknown) => around.ledger.breaches.push(String(error)))
      await pause(around.chance.between(50, 250))
    }
  }
  const queues = Promise.all(Array.from({ length: count }, queue))
  return {
    stop: async () => {
      over = true
      await queues
    },
  }
}

// ------------------------------------------------------------------------------------------------------------------------ kills

type Killing = Options & {
  readonly chance: Chance
  readonly ledger: Ledger
  readonly hub: HubProcess
  readonly database: Database
}

const POLL_MS = 10
/** An outage this long is the end: on a busy machine a hub starts in a few seconds. */
const RECOVERY_WAIT_MS = 180_000
/** So many kills fall on one that is only just rising. */
const EARLY = 0.2

const killAll = async (killing: Killing): Promise<void> => {
  const { kills, payers, chance, ledger, say } = killing
  const flows = async (): Promise<void> => {
    await until(() => ledger.outage.since === undefined, 'the hub acknowledges nothing')
    const enough = ledger.created.size + payers / 2
    await until(() => ledger.created.size >= enough, 'the hub acknowledges next to nothing')
  }
  for (let kill = 1; kill <= kills; kill++) {
    const isEarly = kill > 1 && chance.happens(EARLY)
    if (!isEarly) await flows()
    await pause(isEarly ? chance.between(0, 700) : chance.between(300, 800))
    await strike(killing, kill)
    if (kill % 10 === 0) say(`${kill} kills, ${ledger.created.size} payments acknowledged`)
  }
  await flows()
}

const strike = async ({ target, chance, ledger, hub, database }: Killing, kill: number): Promise<void> => {
  if (target === 'hub') {
    ledger.outage.since = performance.now()
    return hub.strike()
  }
  await until(() => database.pid() !== undefined, 'the database does not come back')
  ledger.outage.since = performance.now()
  wound(database.pid() ?? 0, WOUNDS[kill % WOUNDS.length] ?? 'first', chance)
}

const until = async (holds: () => boolean, otherwise: string): Promise<void> => {
  const end = performance.now() + RECOVERY_WAIT_MS
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${otherwise}, for ${RECOVERY_WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

// ------------------------------------------------------------------------------------------------------------------------ the end

type Task = Evidence['tasks'][number]
type Settling = {
  readonly asked: Asked
  readonly world: World
  readonly receiver: Receiver
  readonly followed: Evidence['followed']
  readonly url: string
  readonly hurry?: Database
}

/** A job of a dead hub is another's after two minutes, a notice after one; the banks repeat theirs each minute. */
const SETTLE_MS = 360_000
const SETTLE_PAUSE_MS = 2_000
/** What was taken for processing is paid after half a minute, and every notice was repeated. */
const BANKS_DONE_MS = 65_000

/** Looks until nothing is missing, or for as long as anything may rightly be under way. */
const settle = async ({ asked, world, receiver, followed, url, hurry }: Settling): Promise<Verdict> => {
  const end = performance.now() + SETTLE_MS
  for (;;) {
    if (hurry) await endLeases(hurry.url)
    const payments = await allPayments(asked)
    const feed = await wholeFeed(asked)
    const tasks = await execute<Task>(url, 'select kind, subject from tasks.task where closed_at is null')
    const { ledger } = asked
    const orders = world.orders()
    const verdict = judge({ ledger, payments, tasks, orders, heard: receiver.heard, feed, followed })
    if (verdict.breaches.length === 0 || performance.now() > end) return verdict
    await pause(SETTLE_PAUSE_MS)
  }
}

/** What a minute or two would do: the leases of those who died run out. */
const endLeases = async (url: string): Promise<void> => {
  await execute(
    url,
    `update notices.dispatch set due_at = now()
     where claims > 0 and due_at > now() and due_at < now() + interval '61 seconds'`,
  )
  await execute(url, 'update platform.job set leased_until = now() where leased_until > now()')
}

const reportOf = (
  { kills, target, store, seed }: Options,
  ledger: Ledger,
  receiver: Receiver,
  world: World,
  verdict: Verdict,
): Report => ({
  kills,
  target,
  store,
  seed,
  created: ledger.created.size,
  cancelled: ledger.cancelled.size,
  ordersAtBanks: world.orders().length,
  executed: verdict.executed,
  untold: verdict.untold,
  noticesHeard: receiver.heard.size,
  noticesRepeated: receiver.repeated.count,
  longestWaitMs: receiver.longestWaitMs.ms,
  paymentsLost: verdict.paymentsLost,
  noticesLost: verdict.noticesLost,
  recoveriesMs: ledger.recoveriesMs,
  breaches: [...ledger.breaches, ...verdict.breaches],
})
