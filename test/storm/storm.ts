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
import { type Caller, get } from './caller.ts'
import { changedBodies, equalCreates, oneReference, sameAnswers } from './equal.ts'
import { startTwoHubs, type TwoHubs } from './hubs.ts'
import { breachesOf, type Evidence } from './laws.ts'
import { ordersOf, type Raced, race } from './races.ts'
import type { Report } from './report.ts'

export { shown } from './report.ts'

export type Options = {
  /** Equal requests at once. */
  readonly copies: number
  /** Payments with which everybody does everything at once. */
  readonly rounds: number
  readonly seed: number
  readonly store: 'embedded' | 'postgres'
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly say: (line: string) => void
}

/** The demo e-service's origin; no payer of a storm goes there. */
const SHOP_ROOT = 'http://localhost:9'

/** Sends storms of equal and of contrary requests to two hub processes on one PostgreSQL, and holds what becomes of them against the laws. */
export const storm = async (options: Options): Promise<Report> => {
  const { folder, program, store, copies, say } = options
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  const clock = movingClock()
  const world = await openBanks(clock)
  const hubs = await startTwoHubs({ folder, program, database })
  try {
    const apiKey = await hubs.setUp({ bankRoot: world.root, shopRoot: SHOP_ROOT })
    const caller: Caller = { roots: hubs.roots, apiKey, patience: new Map(), breaches: [] }
    const here = { caller, url: hubs.url, shopRoot: SHOP_ROOT, count: copies }
    say(`Two hubs at ${hubs.roots.join(' and ')}: ${copies} equal creates, half to each.`)
    const equal = await equalCreates(here, 'EQUAL')
    await changedBodies({ ...here, count: CHANGED }, equal)
    const told = await oneReference(here, 'ONE')
    say('Both are killed, and asked again.')
    await hubs.killBoth()
    await sameAnswers({ ...here, count: CHANGED }, equal)
    await changedBodies({ ...here, count: CHANGED }, equal)
    const patience = new Map(caller.patience)
    const raced = await races(options, { caller, world })
    const settled = await settle({ hubs, caller, world, clock }, raced)
    return { ...reportOf(options, raced, settled), patience, told, breaches: [...caller.breaches, ...settled.breaches] }
  } finally {
    await hubs.end()
    await database.end()
    await world.stop()
    clock.stop()
  }
}

/** Requests with another body, and repetitions after the restart. */
const CHANGED = 100
/** Payments that are raced for side by side. */
const AT_ONCE = 6

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

const races = async (
  { rounds, seed, say }: Options,
  among: { readonly caller: Caller; readonly world: World },
): Promise<readonly Raced[]> => {
  const raced: Raced[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < rounds) {
      raced.push(await race({ ...among, shopRoot: SHOP_ROOT, seed }, next++))
      if (raced.length % 100 === 0) say(`${raced.length} payments raced for`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return raced
}

// ------------------------------------------------------------------------------------------------------------------------ the end

type Settling = {
  readonly hubs: TwoHubs
  readonly caller: Caller
  readonly world: World
  readonly clock: MovingClock
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
  const end = performance.now() + SETTLE_MS
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

type Row = {
  readonly id: string
  readonly sequence: number
  readonly left: readonly string[]
  readonly tasks: readonly string[]
}
/** What the API does not tell. */
const ROWS = `select id, sequence,
    array(select body ->> 'attempt' from payments.fact where payment = payment.id and body ->> 'fact' = 'left') as left,
    array(select kind from tasks.task where subject = payment.id and closed_at is null) as tasks
  from payments.payment`

/** One payment after the other: to look must not be a storm of its own. */
const evidenceOf = async ({ hubs, caller, world }: Settling, raced: readonly Raced[]): Promise<readonly Evidence[]> => {
  const rows = new Map((await execute<Row>(hubs.url, ROWS)).map((row) => [row.id, row]))
  const found: Evidence[] = []
  for (const { id, reference, cancels, refunds, oneBank } of raced) {
    const path = `/v1/payments/${id}`
    const told = await Promise.all([get(caller, 0, path), get(caller, 1, path)])
    const view = View.parse(JSON.parse(told[0]))
    const { sequence = 0, left = [], tasks = [] } = rows.get(id) ?? {}
    found.push({ view, told, orders: ordersOf(world, reference), left, sequence, tasks, cancels, refunds, oneBank })
  }
  return found
}

const reportOf = ({ copies, rounds, seed, store }: Options, raced: readonly Raced[], { views }: Settled) => ({
  copies,
  rounds,
  seed,
  store,
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
