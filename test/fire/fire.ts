import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { parseInstant } from '../../src/kernel/time.ts'
import { execute } from '../support/test-server.ts'
import { embeddedDatabase, ownDatabase } from '../torture/database.ts'
import { type Address, type Kind, openAddresses } from './addresses.ts'
import { type Hubs, startHubs } from './hub.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { type Ledger, openHearing, openLedger } from './ledger.ts'
import { EVENTS_OF_PAYMENT, payAll, payEach } from './load.ts'
import { concernedOf, NOBODY, operate, shopsOf } from './operating.ts'
import { type Costs, countByKind, delaysOf, lateness, type Report } from './report.ts'
import { type FeedEvent, judge, missing } from './verdict.ts'

export { shown } from './report.ts'

export type Options = {
  readonly eServices: number
  /** Payments a second, each of three events. */
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly store: 'embedded' | 'postgres'
  /** Processes of the hub on one database. */
  readonly processes: number
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  /** The built command line. */
  readonly program: string
  /** First deliveries to healthy addresses since the event, the 99th of a hundred: more is a breach. */
  readonly limitMs: number
  /** No hub is killed, no key changed, nothing sent once more. */
  readonly calm?: boolean
  /** In the end brings retries forward instead of waiting for them. */
  readonly hurry?: boolean
  readonly say: (line: string) => void
}

/**
 * Real payments of many e-services, of whose notice addresses many are dead, slow or flapping, while this process plays all of them.
 * Meanwhile, unless it is to be calm, a hub is killed, keys are changed, and what was told is told once more. Measures how long the
 * healthy ones wait; in the end each that hears at all has heard everything, in order, and nothing of another's.
 */
export const fire = async (options: Options): Promise<Report> => {
  const { folder, program, store, processes, seed, say } = options
  const ledger = openLedger()
  const keyring = openKeyring()
  const addresses = await openAddresses(options.eServices, seed, openHearing(ledger, keyring))
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  let hubs: Hubs | undefined
  try {
    // Nothing listens there: no payer goes on to the bank or back.
    const elsewhere = 'http://localhost:9'
    hubs = await startHubs({ folder, program, database, processes, addresses: addresses.all, elsewhere })
    for (const [eService, { noticeKeys }] of hubs.access) keyring.give(eService, noticeKeys)
    say(`${hubs.roots.length} hub(s) know ${options.eServices} e-services; ${options.seconds} s of payments begin.`)
    const stage: Stage = { options, ledger, keyring, addresses: addresses.all, hubs, url: database.url(), elsewhere }
    const ran = await run(stage)
    say('All payments are made; waiting for what is on its way.')
    const feed = await settled(stage)
    const measured = reportOf(stage, ran, feed)
    const late = lateness(measured.sinceEvent, options.limitMs)
    return { ...measured, breaches: [...(await breachesOf(stage, ran, feed)), ...late] }
  } finally {
    await hubs?.end()
    await database.end()
    await addresses.stop()
  }
}

type Stage = {
  readonly options: Options
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly addresses: readonly Address[]
  readonly hubs: Hubs
  /** The database. */
  readonly url: string
  readonly elsewhere: string
}

type Ran = { readonly payments: number; readonly behindMs: number; readonly costs: Costs }

/** The payments, and beside them what befalls the hub; at last one more payment of each with whom something was done. */
const run = async ({ options, ledger, keyring, addresses, hubs, url, elsewhere }: Stage): Promise<Ran> => {
  const { rate, seconds, calm, say } = options
  const shops = [...hubs.access].map(([eService, { apiKey }]) => ({ eService, apiKey }))
  const paying = { roots: hubs.roots, elsewhere, ledger, made: { count: 0 } }
  const concerned = calm ? NOBODY : concernedOf(addresses, hubs)
  const before = await costsOf(url)
  const [behindMs] = await Promise.all([
    payAll({ ...paying, shops, rate, seconds }),
    calm ? undefined : operate({ hubs, ledger, keyring, paying, seconds, url, say }, concerned),
  ])
  const unwilling = (['gone', 'busy'] as const).flatMap((kind) => shopsOf(addresses, hubs, kind))
  await payEach(paying, [...concerned.rotated, ...concerned.replayed, ...unwilling], 'LAST')
  const after = await costsOf(url)
  const costs = { sendings: after.sendings - before.sendings, commits: after.commits - before.commits }
  return { payments: paying.made.count, behindMs, costs }
}

const reportOf = (
  { options, ledger, keyring, addresses }: Stage,
  { payments, behindMs, costs }: Ran,
  feed: readonly FeedEvent[],
): Omit<Report, 'breaches'> => ({
  ...options,
  calm: options.calm === true,
  eServices: countByKind(addresses.map(({ kind }) => kind)),
  payments,
  events: feed.length,
  heard: countByKind([...ledger.heard.values()].map(({ kind }) => kind)),
  repeated: [...ledger.repeated.values()].reduce((sum, { length }) => sum + length, 0),
  ...delaysOf(ledger),
  awayMs: Math.round(Math.max(0, ...ledger.strikes.map(({ from, to }) => to - from))),
  keys: keyring.counts,
  replayed: ledger.replays.reduce((sum, { events }) => sum + events, 0),
  toGone: [...ledger.gone.values()].map(({ length }) => length),
  putOffMs: [...ledger.putOff.values()].flatMap(({ afterMs }) => afterMs ?? []),
  behindMs,
  costs,
})

const Told = z.object({ tasks: z.array(z.object({ eService: z.string() })) })

const breachesOf = async (
  { ledger, addresses, hubs, url }: Stage,
  { payments }: Ran,
  feed: readonly FeedEvent[],
): Promise<readonly string[]> => {
  const { tasks } = Told.parse(await hubs.command('tasks', 'list', '--kind', 'notice_address_gone', '--limit', '1000'))
  return [
    ...ledger.breaches,
    ...(feed.length === payments * EVENTS_OF_PAYMENT ? [] : [`${feed.length} events are in the feeds`]),
    ...judge({ ledger, addresses, feed, goneTold: tasks.map(({ eService }) => eService), tried: await triedOf(url) }),
  ]
}

/** To whom something was sent, or tried to be, that nobody has acknowledged. */
const triedOf = async (url: string): Promise<readonly string[]> => {
  const rows = await execute<{ readonly eService: string }>(
    url,
    'select distinct e_service as "eService" from notices.dispatch where claims > 0',
  )
  return rows.map(({ eService }) => eService)
}

/** A flapping address may meet its bad turn twice and wait for a minute. */
const SETTLE_MS = 150_000
const SETTLE_PAUSE_MS = 500

/** Waits until all that can be heard is heard, or as long as that may rightly take. Returns all feeds. */
const settled = async ({ options, ledger, addresses, hubs, url }: Stage): Promise<readonly FeedEvent[]> => {
  const { access, roots } = hubs
  const feed: FeedEvent[] = []
  for (const [eService, { apiKey }] of access) feed.push(...(await feedOf(roots[0] ?? '', eService, apiKey)))
  const hurried = addresses.filter(({ kind }) => HURRIED.includes(kind)).map(({ eService }) => eService)
  const end = performance.now() + SETTLE_MS
  while (missing({ ledger, addresses, feed }).length > 0 && performance.now() < end) {
    if (options.hurry) await retryNow(url, hurried)
    await pause(SETTLE_PAUSE_MS)
  }
  return feed
}

/** Not those who said themselves when they have time. */
const HURRIED: readonly Kind[] = ['healthy', 'flapping']

/** What failed, or was under way in a hub that died, is sent again at once. */
const retryNow = async (url: string, eServices: readonly string[]): Promise<void> => {
  const names = eServices.map((name) => `'${name}'`).join()
  await execute(url, `update notices.dispatch set due_at = now() where claims > 0 and e_service in (${names})`)
}

const FeedPage = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      sequence: z.int(),
      timestamp: z.string(),
      data: z.object({ payment: z.looseObject({ id: z.string() }) }),
    }),
  ),
  cursor: z.string(),
  more: z.boolean(),
})

const feedOf = async (root: string, eService: string, apiKey: string): Promise<readonly FeedEvent[]> => {
  const found: FeedEvent[] = []
  for (let after = ''; ; ) {
    const response = await fetch(`${root}/v1/events?limit=200${after}`, {
      headers: { authorization: `Bearer ${apiKey}` },
    })
    const page = FeedPage.parse(await response.json())
    for (const { id, sequence, timestamp, data } of page.events)
      found.push({ eService, id, sequence, payment: data.payment.id, at: parseInstant(timestamp) ?? 0 })
    if (!page.more) return found
    after = `&after=${page.cursor}`
  }
}

const costsOf = async (url: string): Promise<Costs> => {
  const [row] = await execute<{ readonly sendings: number; readonly commits: number }>(
    url,
    `select (select count(*)::int from notices.delivery) as sendings,
       (select xact_commit::int from pg_stat_database where datname = current_database()) as commits`,
  )
  if (!row) throw new Error('the database counted nothing')
  return row
}
