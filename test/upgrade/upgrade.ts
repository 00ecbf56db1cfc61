import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { World } from '../../src/sandbox/index.ts'
import { movingClock } from '../../src/sandbox/index.ts'
import { freePorts } from '../support/ports.ts'
import { execute } from '../support/test-server.ts'
import { chanceFrom } from '../torture/chance.ts'
import { embeddedDatabase, ownDatabase } from '../torture/database.ts'
import { type Asked, allPayments, followFeed, type PaymentSeen, wholeFeed } from '../torture/feed.ts'
import { offered, setUp } from '../torture/hubs.ts'
import { openLedger } from '../torture/ledger.ts'
import { type Receiver, startReceiver } from '../torture/receiver.ts'
import { openBanks, sendPayers } from '../torture/torture.ts'
import { type Evidence, judge, type Verdict } from '../torture/verdict.ts'
import { fill, watchLocks } from './aged-tables.ts'
import { type Balancer, startBalancer, type TurnedAway } from './balancer.ts'
import { askForRefunds, judgeRefunds, REFUND_MINOR, type Refunds } from './refunds.ts'
import { type Release, releaseAt } from './release.ts'
import type { Report } from './report.ts'
import { common } from './same.ts'
import { answeredByBoth, wronglyTurnedAway } from './turned-away.ts'

export { shown } from './report.ts'

export type Options = {
  /** The built command line of each release. */
  readonly previous: string
  readonly current: string
  readonly store: 'embedded' | 'postgres'
  /** At once. */
  readonly payers: number
  /** So many payments are acknowledged before each step goes on. */
  readonly stepPayments: number
  /** In each table that this release's migrations change, before they come. */
  readonly rows: number
  /** Those tables. */
  readonly changed: readonly string[]
  readonly seed: number
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  readonly say: (line: string) => void
}

/** What was taken for processing is paid after half a minute, and every notice was repeated. */
const BANKS_DONE_MS = 65_000
/** What a caller waits for at most while tables change; on a machine that was as slow before, twice what it took then. */
const LONGEST_MS = 5_000
/** How long a table is held at most: a change waits half a second for it, and everybody behind that. The rest is for a busy machine. */
const LONGEST_LOCK_MS = 2_000
/** Many looks of the balancer at `/readyz`, also on a machine that is busy. */
export const DRAIN_SECONDS = 3
const STEP_WAIT_MS = 300_000
const POLL_MS = 20
/** Then all is lost, and nobody waits to see how much. */
const MAX_FAILED = 50

/**
 * Upgrades under load as docs/operating/upgrade.md says: the release before serves, this one starts beside it and migrates meanwhile, both
 * serve, the older stops. Then back again: the older starts on what was migrated, this one stops. Banks, payers and e-service are played
 * here and keep what each was told for certain. Nothing of that may be missing, and no request may fail.
 */
export const upgrade = async (options: Options): Promise<Report> => {
  const { folder, store, seed, say } = options
  const ledger = openLedger()
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  const receiver = await startReceiver(ledger)
  const clock = movingClock()
  const world = await openBanks(ledger, clock)
  const balancer = await startBalancer()
  const { older, newer } = await releasesOf(options, database.environment, balancer, ledger.breaches)
  try {
    const firstReadyMs = await older.start()
    balancer.add(older.port)
    const roots = { bankRoot: world.root, shopRoot: receiver.root }
    const { apiKey, noticeKeys } = await setUp(older.command, folder, roots)
    receiver.expect(noticeKeys)
    const asked = { hubRoot: balancer.root, apiKey, ledger }
    await offered(ledger, balancer.root, apiKey)
    say(`The release before serves at ${balancer.root} on ${store} PostgreSQL.`)
    const filledMs = await fill(database.url(), options.changed, options.rows)
    say(`Filled in ${Math.round(filledMs)} ms with ${options.rows} rows each: ${options.changed.join(', ')}.`)
    const follower = followFeed(asked)
    const payers = sendPayers({ ...roots, ...asked, chance: chanceFrom(seed) }, options.payers)
    const refunds = askForRefunds(asked)
    const stages = stagesOf({ options, balancer, created: ledger.created, older, newer, url: database.url() })
    const times = await stages.run()
    await Promise.all([payers.stop(), refunds.stop()])
    say('Both ways are done; waiting for what is on its way.')
    await world.advance(BANKS_DONE_MS)
    const settling = {
      ...{ asked, world, receiver, followed: follower.found, url: database.url(), refunds: refunds.asked },
      turnedAway: balancer.counts.turnedAway,
    }
    const settled = await settle(settling)
    await follower.stop()
    return {
      ...{ store, ...times, firstReadyMs, balancer: balancer.counts, ...settled },
      answeredByBoth: answeredByBoth(balancer.answeredWell),
      acknowledged: ledger.created.size,
      noticesHeard: receiver.heard.size,
      noticesRepeated: receiver.repeated.count,
      refunds: refunds.asked.size,
      answered: { older: balancer.answered.get(older.port) ?? 0, newer: balancer.answered.get(newer.port) ?? 0 },
      breaches: [...ledger.breaches, ...held(times), ...settled.breaches],
    }
  } finally {
    await Promise.all([older.stop(), newer.stop()])
    await database.end()
    await balancer.stop()
    await world.stop()
    await receiver.stop()
    clock.stop()
  }
}

const releasesOf = async (
  { folder, previous, current }: Options,
  database: Readonly<Record<string, string>>,
  balancer: Balancer,
  breaches: string[],
): Promise<{ readonly older: Release; readonly newer: Release }> => {
  const home = join(folder, 'hub')
  mkdirSync(home, { mode: 0o711 })
  const environment = {
    ...database,
    EBIZNESS_PUBLIC_URL: balancer.root,
    EBIZNESS_DATA_DIR: home,
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
    EBIZNESS_DRAIN_SECONDS: String(DRAIN_SECONDS),
  }
  const [first = 0, second = 0] = await freePorts(2)
  const parts = { folder, environment, breaches }
  return {
    older: releaseAt({ ...parts, name: 'older', program: previous, port: first }),
    newer: releaseAt({ ...parts, name: 'newer', program: current, port: second }),
  }
}

const until = async (holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> => {
  const end = performance.now() + STEP_WAIT_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${otherwise}, for ${STEP_WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

// ------------------------------------------------------------------------------------------------------------------------ the steps

type Stages = {
  readonly options: Options
  readonly balancer: Balancer
  readonly created: ReadonlyMap<string, unknown>
  readonly older: Release
  readonly newer: Release
  /** Of the database. */
  readonly url: string
}
type Migrating = Pick<Report, 'longestBeforeMs' | 'longestWhileMigratingMs' | 'longestLockMs'>
type Times = Migrating & Pick<Report, 'newerReadyMs' | 'olderGoneMs' | 'olderBackMs' | 'newerGoneMs'>

/** What kept somebody waiting too long while tables changed. */
const held = ({ longestBeforeMs, longestWhileMigratingMs, longestLockMs }: Migrating): readonly string[] => [
  ...(longestWhileMigratingMs <= Math.max(LONGEST_MS, 2 * longestBeforeMs)
    ? []
    : [`while tables changed, an answer took ${Math.round(longestWhileMigratingMs)} ms`]),
  ...(longestLockMs <= LONGEST_LOCK_MS
    ? []
    : [`while tables changed, one was held from everybody for ${Math.round(longestLockMs)} ms`]),
]

const stagesOf = ({ options: { stepPayments, say }, balancer, created, older, newer, url }: Stages) => {
  const flow = (): Promise<void> => {
    const enough = created.size + stepPayments
    return until(() => {
      const { failed } = balancer.counts
      if (failed.length > MAX_FAILED) throw new Error(`${failed.length} requests failed, the first: ${failed[0]}`)
      return created.size >= enough
    }, 'next to nothing is acknowledged')
  }
  const enter = async (release: Release): Promise<number> => {
    const tookMs = await release.start()
    if (release === older) balancer.add(release.port)
    else balancer.follow(release.port)
    await until(() => balancer.has(release.port), 'the balancer does not take it in')
    return tookMs
  }
  /** The one before, which may not drain, is taken out of the balancer first; this one is only asked to stop. What they have taken they bring to its end. */
  const leave = (release: Release): Promise<number> => {
    if (release === older) balancer.remove(release.port)
    return release.stop()
  }
  const run = async (): Promise<Times> => {
    balancer.counts.longestMs = 0
    await flow()
    const longestBeforeMs = balancer.counts.longestMs
    balancer.counts.longestMs = 0
    const locks = watchLocks(url)
    const newerReadyMs = await enter(newer)
    const longestWhileMigratingMs = balancer.counts.longestMs
    const longestLockMs = await locks.stop()
    say(`This release migrated and was ready in ${Math.round(newerReadyMs)} ms; both serve.`)
    await flow()
    const olderGoneMs = await leave(older)
    say('The release before has stopped; this one serves alone.')
    await flow()
    const olderBackMs = await enter(older)
    say('Back again: the release before serves on what was migrated, beside this one.')
    await flow()
    const newerGoneMs = await leave(newer)
    await flow()
    const migrating = { newerReadyMs, longestBeforeMs, longestWhileMigratingMs, longestLockMs }
    return { ...migrating, olderGoneMs, olderBackMs, newerGoneMs }
  }
  return { run }
}

// ------------------------------------------------------------------------------------------------------------------------ the end

type Settling = {
  readonly asked: Asked
  readonly world: World
  readonly receiver: Receiver
  readonly followed: Evidence['followed']
  readonly url: string
  readonly refunds: Refunds['asked']
  readonly turnedAway: readonly TurnedAway[]
}
type Settled = Pick<Report, 'executed' | 'untold' | 'paymentsLost' | 'noticesLost' | 'wronglyTurnedAway' | 'breaches'>

/** Both stopped as asked, so nothing waits for a lease to run out. */
const SETTLE_MS = 120_000
const SETTLE_PAUSE_MS = 1_000

const settle = async (settling: Settling): Promise<Settled> => {
  const { asked, world, refunds, turnedAway } = settling
  const end = performance.now() + SETTLE_MS
  for (;;) {
    const payments = await allPayments(asked)
    const verdict = await look(settling, payments)
    const orders = world.orders()
    const givenBackMinor = orders.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)
    const breaches = [
      ...verdict.breaches,
      ...(await judgeRefunds(asked, refunds, givenBackMinor)),
      // No request fails here: every bank's message is heard.
      ...(verdict.untold > 0 ? [`the hubs were not told of ${verdict.untold} payments`] : []),
    ]
    if (breaches.length === 0 || performance.now() > end)
      return { ...verdict, breaches, wronglyTurnedAway: wronglyTurnedAway({ turnedAway, payments, orders }) }
    await pause(SETTLE_PAUSE_MS)
  }
}

const look = async (
  { asked, world, receiver, followed, url, refunds }: Settling,
  seen: readonly PaymentSeen[],
): Promise<Verdict> => {
  const feed = await wholeFeed(asked)
  const last = new Map(feed.map(({ id, payment }) => [payment, receiver.heard.get(id)]))
  // What one release tells of a payment and the other does not know yet is no contradiction.
  const payments = seen.map((payment): PaymentSeen => {
    const told = last.get(payment.view.id)
    return told ? { ...payment, text: JSON.stringify(common(told.view, payment.view)) } : payment
  })
  const heard = new Map(
    [...receiver.heard].map(([id, event]) => {
      const payment = seen.find(({ view }) => view.id === event.payment)
      return [id, payment ? { ...event, view: common(payment.view, event.view) } : event]
    }),
  )
  const tasks = await execute<Evidence['tasks'][number]>(
    url,
    'select kind, subject from tasks.task where closed_at is null',
  )
  const inCents = [...refunds].map(([id, { payment }]) => [id, { payment, amountMinor: REFUND_MINOR }] as const)
  const ledger = { ...asked.ledger, refunds: new Map([...asked.ledger.refunds, ...inCents]) }
  return judge({ ledger, payments, tasks, orders: world.orders(), heard, feed, followed })
}
