import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
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
import { embeddedDatabase, ownDatabase } from '../torture/database.ts'
import { type Among, ordersOf, type Raced } from './acts.ts'
import { type Caller, get } from './caller.ts'
import { CANCELLED, CLOSING, duel, openEdge } from './duels.ts'
import { changedBodies, equalCreates, oneReference, sameAnswers } from './equal.ts'
import { startTwoHubs, type TwoHubs } from './hubs.ts'
import { breachesOf, type Evidence } from './laws.ts'
import { race } from './races.ts'
import type { Report } from './report.ts'

export { idleIn, shown } from './report.ts'

export type Options = {
  /** Equal requests at once; with none, this part is left out. */
  readonly copies: number
  /** Payments for which a begin and a cancel meet. */
  readonly duels: number
  /** Payments with which everybody does everything at once. */
  readonly rounds: number
  readonly seed: number
  readonly store: 'embedded' | 'postgres'
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly say: (line: string) => void
  /** To look once, and not for as long as something may rightly be under way: where something is broken for certain. */
  readonly hurry?: boolean
}

/** The demo e-service's origin; no payer of a storm goes there. */
const SHOP_ROOT = 'http://localhost:9'

/** Sends storms of equal and of contrary requests to two hub processes on one PostgreSQL, and holds what becomes of them against the laws. */
export const storm = async (options: Options): Promise<Report> => {
  const { folder, program, store, copies, hurry = false } = options
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  const clock = movingClock()
  const world = await openBanks(clock)
  const hubs = await startTwoHubs({ folder, program, database, comesBack: store === 'postgres' })
  try {
    const apiKey = await hubs.setUp({ bankRoot: world.root, shopRoot: SHOP_ROOT })
    const caller: Caller = { roots: hubs.roots, apiKey, patience: new Map(), breaches: [] }
    const equal = copies > 0 ? await equals(options, { caller, hubs }) : NO_EQUALS
    const among = { caller, world, shopRoot: SHOP_ROOT, seed: options.seed }
    const duelled = await duels(options, among)
    const raced = await races(options, among)
    const settled = await settle({ hubs, caller, world, clock, hurry }, [...duelled, ...raced])
    const breaches = [...caller.breaches, ...settled.breaches]
    return { ...reportOf(options, { duelled, raced, settled }), ...equal, breaches }
  } finally {
    await hubs.end()
    await database.end()
    await world.stop()
    clock.stop()
  }
}

const openBanks = (clock: MovingClock): Promise<World> => {
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  return startWorld({
    port: 0,
    simulators,
    setups: (bankRoot) => setupsFrom(renderDemoFile({ bankRoot, shopRoot: SHOP_ROOT })),
    keys: demoKeys(),
    clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    send: client.send,
    log: () => {},
  })
}

type Equals = Pick<Report, 'patience' | 'met' | 'told'>
const NO_EQUALS: Equals = { patience: new Map(), met: 0, told: 0 }
/** Requests with another body, and repetitions after the restart. */
const CHANGED = 100
/** On a busy machine a thousand keep each other out until the first has ended: then a few of one key at a time, until two of them meet. */
const FEW = 8
const MORE_KEYS = 100

const equals = async (
  { copies, say }: Options,
  { caller, hubs }: { readonly caller: Caller; readonly hubs: TwoHubs },
): Promise<Equals> => {
  const here = { caller, url: hubs.url, shopRoot: SHOP_ROOT, count: copies }
  say(`Two hubs at ${hubs.roots.join(' and ')}: ${copies} equal creates, half to each.`)
  const equal = await equalCreates(here, 'EQUAL')
  const met = () => caller.patience.get('request_in_progress') ?? 0
  for (let key = 0; met() === 0 && key < MORE_KEYS; key++) await equalCreates({ ...here, count: FEW }, `EQUAL-${key}`)
  const found = met()
  await changedBodies({ ...here, count: CHANGED }, equal)
  const told = await oneReference(here, 'ONE')
  say('Both are killed, and their database; and asked again.')
  await hubs.killAll()
  await sameAnswers({ ...here, count: CHANGED }, equal)
  await changedBodies({ ...here, count: CHANGED }, equal)
  return { patience: new Map(caller.patience), met: found, told }
}

/** Payments that are raced for side by side. */
const AT_ONCE = 6

const duels = ({ duels: count, say }: Options, among: Among): Promise<readonly Raced[]> => {
  say(`${count} payments are begun and cancelled at once.`)
  const edge = openEdge()
  return sideBySide(count, (round) => duel(among, edge, round))
}

const races = ({ rounds, say }: Options, among: Among): Promise<readonly Raced[]> =>
  sideBySide(rounds, async (round) => {
    if (round > 0 && round % 100 === 0) say(`${round} payments raced for`)
    return race(among, round)
  })

const sideBySide = async (count: number, one: (round: number) => Promise<Raced>): Promise<readonly Raced[]> => {
  const all: Raced[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) all.push(await one(next++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return all
}

// ------------------------------------------------------------------------------------------------------------------------ the end

type Settling = {
  readonly hubs: TwoHubs
  readonly caller: Caller
  readonly world: World
  readonly clock: MovingClock
  readonly hurry: boolean
}
type Settled = { readonly breaches: readonly string[]; readonly views: readonly Evidence['view'][] }

/** A refund whose amount ends in 97 or 98 is done or refused after a minute. */
const BANK_DONE_MS = 65_000
/** Refunds that a hub asks about are asked after five seconds, then ten, then twenty. */
const SETTLE_MS = 60_000
const LOOK_AGAIN_MS = 500

/** Looks until nothing is missing, or for as long as anything may rightly be under way. */
const settle = async (settling: Settling, raced: readonly Raced[]): Promise<Settled> => {
  await settling.world.advance(BANK_DONE_MS)
  const end = performance.now() + (settling.hurry ? 0 : SETTLE_MS)
  for (;;) {
    const evidence = await evidenceOf(settling, raced)
    const breaches = evidence.flatMap(breachesOf)
    const views = evidence.map(({ view }) => view)
    if (breaches.length === 0 || performance.now() > end) return { breaches, views }
    await pause(LOOK_AGAIN_MS)
  }
}

const View = z.object({
  id: z.string(),
  status: z.string(),
  closing: z.string().nullable(),
  final: z.boolean(),
  amount: z.int(),
  paidAmount: z.int(),
  refundedAmount: z.int(),
  attention: z.array(z.string()),
  attempts: z.array(z.object({ id: z.string(), offer: z.string(), number: z.string(), status: z.string() })),
  refunds: z.array(z.object({ id: z.string(), attempt: z.string(), amount: z.int(), status: z.string() })),
  events: z.array(z.object({ sequence: z.int(), type: z.string() })),
})

/** A notice's body, of which the payment as it then was is judged. */
const Told = z.object({ data: z.object({ payment: View.pick({ status: true, closing: true, attempts: true }) }) })

type Row = {
  readonly id: string
  readonly sequence: number
  readonly left: readonly string[]
  readonly tasks: readonly string[]
  readonly events: readonly string[]
}
/** What the API does not tell. */
const ROWS = `select id, sequence,
    array(select body ->> 'attempt' from payments.fact where payment = payment.id and body ->> 'fact' = 'left') as left,
    array(select kind from tasks.task where subject = payment.id and closed_at is null) as tasks,
    array(select body from notices.event where subject = payment.id order by sequence) as events
  from payments.payment`

/** One payment after the other: to look must not be a storm of its own. */
const evidenceOf = async ({ hubs, caller, world }: Settling, raced: readonly Raced[]): Promise<readonly Evidence[]> => {
  const rows = new Map((await execute<Row>(hubs.url, ROWS)).map((row) => [row.id, row]))
  const found: Evidence[] = []
  for (const { id, reference, cancels, refunds, oneBank } of raced) {
    const path = `/v1/payments/${id}`
    const told = await Promise.all([get(caller, 0, path), get(caller, 1, path)])
    const view = View.parse(JSON.parse(told[0]))
    const { sequence = 0, left = [], tasks = [], events = [] } = rows.get(id) ?? {}
    const history = events.map((body) => Told.parse(JSON.parse(body)).data.payment)
    const orders = ordersOf(world, reference)
    found.push({ view, history, told, orders, left, sequence, tasks, cancels, refunds, oneBank })
  }
  return found
}

type Done = {
  readonly duelled: readonly Raced[]
  readonly raced: readonly Raced[]
  readonly settled: Settled
}

const reportOf = ({ copies, rounds, seed, store }: Options, { duelled, raced, settled: { views } }: Done) => ({
  copies,
  rounds,
  seed,
  store,
  duels: duelled.length,
  cancelledFirst: duelled.filter(({ cancels }) => cancels.includes(CANCELLED)).length,
  begunFirst: duelled.filter(({ cancels }) => cancels.includes(CLOSING)).length,
  choices: raced.flatMap(({ led }) => led),
  attempts: views.flatMap(({ attempts }) => attempts).length,
  cancels: raced.flatMap(({ cancels }) => cancels),
  executed: views.filter(({ status }) => status === 'executed').length,
  paidTwice: views.filter(({ attention }) => attention.includes('paid_twice')).length,
  refunds: views.flatMap((view) => view.refunds).length,
  refundsRefused: raced.reduce((sum, { refusedRefunds }) => sum + refusedRefunds, 0),
  refundedMinor: views.reduce((sum, { refundedAmount }) => sum + refundedAmount, 0),
  events: views.flatMap(({ events }) => events).length,
})
