import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
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
import { isTurnedAway } from './asking.ts'
import { keepBooks } from './books.ts'
import { chanceFrom } from './chance.ts'
import { embeddedDatabase, ownDatabase } from './database.ts'
import { mountDisk } from './disk.ts'
import { parseFaults } from './faults.ts'
import { followFeed } from './feed.ts'
import { startHubs } from './hubs.ts'
import { attemptIn, type Ledger, openLedger } from './ledger.ts'
import { live } from './payer.ts'
import { startReceiver, type Taking } from './receiver.ts'
import { countingRefunds } from './refund-calls.ts'
import { breachesOf, type Report } from './report.ts'
import { settle } from './settling.ts'
import { strikeAll } from './striking.ts'
import { watchSuccessors } from './succeeding.ts'
import type { Surroundings } from './surroundings.ts'

export { breachesOf, shown } from './report.ts'

export type Options = {
  /** `kill=50,stop=5`: what happens and how often. */
  readonly faults: string
  /** What `kill` may fall on. */
  readonly target: 'hub' | 'database' | 'any'
  /** How many processes. */
  readonly hubs: number
  readonly store: 'embedded' | 'postgres'
  readonly seed: number
  /** At once. */
  readonly payers: number
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  /** The built command line. */
  readonly program: string
  /** Ends leases of dead hubs and moves the banks' clock when all is done, instead of waiting for minutes. */
  readonly hurry?: boolean
  /** How long a frozen process stands still; unless told, past every lease. */
  readonly frozenMs?: number
  /** The database answers before it has written: what is then lost must be seen here. */
  readonly forgetful?: boolean
  readonly say: (line: string) => void
}

/** Of the notices so many are not taken when they come first, and so many taken without an answer: what follows them has to wait. */
const REFUSED = 0.1
const UNANSWERED = 0.03

const takingBy = (luck: number): Taking =>
  luck < REFUSED ? 'refuses' : luck < REFUSED + UNANSWERED ? 'takes_and_dies' : 'answers'

/** One payer in so many pays at both banks. */
const FORGETFUL_IN = 20

/** What was taken for processing is paid after half a minute, and every notice was repeated. */
const BANKS_DONE_MS = 65_000

/**
 * Strikes hubs and their database under load, again and again, while this process – never killed – plays banks, payers and e-service and
 * keeps what each was told for certain. In the end nothing of that may be missing.
 */
export const torture = async (options: Options): Promise<Report> => {
  const { folder, program, store, seed, say, hurry = false } = options
  const faults = parseFaults(options.faults)
  const began = performance.now()
  const ledger = openLedger()
  const disk = faults.full ? mountDisk(join(folder, store === 'embedded' ? 'hub' : 'server')) : undefined
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder, Boolean(faults.failover))
  const weather = chanceFrom(seed + 2)
  const receiver = await startReceiver(ledger, () => takingBy(weather.next()))
  const clock = movingClock()
  const world = await openBanks(ledger, clock)
  const hubs = await startHubs({ count: options.hubs, folder, program, database, ledger })
  try {
    const roots = { bankRoot: world.root, shopRoot: receiver.root }
    const { apiKey, noticeKeys } = await hubs.setUp(roots)
    receiver.expect(noticeKeys)
    // What operators have set up is safe before.
    if (options.forgetful) await answerTooSoon(database.url())
    if (faults.freeze) await watchSuccessors(database.url())
    say(`${options.hubs} hubs behind ${hubs.root}, ${store} PostgreSQL.`)
    const asked = { hubRoot: hubs.root, apiKey, ledger }
    const follower = followFeed(asked)
    const around = { ...roots, ...asked, chance: chanceFrom(seed + 1), forgetfulIn: FORGETFUL_IN }
    const underLoad = sendPayers(around, options.payers)
    const striking = { ...options, chance: chanceFrom(seed), ledger, hubs, database, disk, around, returning: [] }
    // What was lost till then is still to be told.
    await strikeAll(striking, faults).catch((fault: unknown) => ledger.breaches.push(String(fault)))
    await underLoad.stop()
    const struckMs = performance.now() - began
    say('All is done to them; waiting for what is on its way.')
    if (hurry) await world.advance(BANKS_DONE_MS)
    const settled = { asked, world, receiver, followed: follower.found, url: database.url, hurry }
    const { verdict, evidence } = await settle(settled)
    await follower.stop()
    ledger.counts.commitsCut = database.answersCut?.() ?? 0
    const tookMs = performance.now() - began
    const report = { ...options, struckMs, tookMs, ledger, receiver, verdict, orders: world.orders() }
    if (breachesOf(report).length > 0) keepBooks(folder, { ledger, evidence })
    return report
  } catch (fault) {
    keepBooks(folder, { ledger })
    throw fault
  } finally {
    await hubs.end()
    await database.end()
    await world.stop()
    await receiver.stop()
    clock.stop()
    disk?.unmount()
  }
}

const answerTooSoon = async (url: string): Promise<void> => {
  await execute(url, 'alter system set synchronous_commit = off')
  await execute(url, "alter system set wal_writer_delay = '10s'")
  await execute(url, 'select pg_reload_conf()')
}

/** The simulated banks, and what they are told: a notice that was answered with 200 is the hub's to keep. */
export const openBanks = (ledger: Ledger, clock: MovingClock): Promise<World> => {
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  return startWorld({
    port: 0,
    simulators: simulators.map((one) => (one.channel === 'sandbox' ? countingRefunds(one, ledger.refundCalls) : one)),
    setups: (bankRoot) => setupsFrom(renderDemoFile({ bankRoot, shopRoot: bankRoot })),
    keys: demoKeys(),
    clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    send: async (request) => {
      const outcome = await client.send(request)
      const attempt = attemptIn(request.url)
      if (outcome.kind !== 'answered') return outcome
      const { status } = outcome.reply
      if (attempt && status === 200) ledger.told.add(attempt)
      if (isTurnedAway(status)) {
        const { pathname } = new URL(request.url)
        ledger.turnedAway.push({ what: `a bank's message at ${pathname} was answered ${status}`, attempt })
      }
      return outcome
    },
    log: () => {},
  })
}

/** So many payers at once, each after the other, until stopped; then those under way go to their end. */
export const sendPayers = (around: Surroundings, count: number): { stop(): Promise<void> } => {
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
