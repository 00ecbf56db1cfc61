import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { execute } from '../support/test-server.ts'
import { embeddedDatabase, ownDatabase } from '../torture/database.ts'
import { type Addresses, openAddresses } from './addresses.ts'
import { type Hubs, startHubs } from './hub.ts'
import { type Ledger, openHearing, openLedger } from './ledger.ts'
import { EVENTS_OF_PAYMENT, payAll } from './load.ts'
import { type Costs, countByKind, delaysOf, type Report } from './report.ts'
import { type FeedEvent, judge, REACHABLE } from './verdict.ts'

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
  /** In the end brings retries forward instead of waiting for them. */
  readonly hurry?: boolean
  readonly say: (line: string) => void
}

/**
 * Real payments of many e-services, of whose notice addresses many are dead, slow or flapping, while this process plays all of them.
 * Measures how long the healthy ones wait; in the end each that hears at all has heard everything, in order, and nothing of another's.
 */
export const fire = async (options: Options): Promise<Report> => {
  const { folder, program, store, processes, seed, say } = options
  const ledger = openLedger()
  const hear = openHearing(ledger, (eService) => hubs?.access.get(eService)?.noticeKeys ?? [])
  const addresses = await openAddresses(options.eServices, seed, hear)
  const database = store === 'embedded' ? embeddedDatabase(folder) : await ownDatabase(folder)
  let hubs: Hubs | undefined
  try {
    // Nothing listens there: no payer goes on to the bank or back.
    const elsewhere = 'http://localhost:9'
    hubs = await startHubs({ folder, program, database, processes, addresses: addresses.all, elsewhere })
    say(`${hubs.roots.length} hub(s) know ${options.eServices} e-services; ${options.seconds} s of payments begin.`)
    const { access, roots } = hubs
    const shops = [...access].map(([eService, { apiKey }]) => ({ eService, apiKey }))
    const before = await costsOf(database.url())
    const loaded = await payAll({ ...options, roots, elsewhere, ledger, shops })
    const after = await costsOf(database.url())
    const costs = { sendings: after.sendings - before.sendings, commits: after.commits - before.commits }
    say('All payments are made; waiting for what is on its way.')
    const feed = await settled(options, ledger, addresses, hubs, database.url())
    return {
      ...options,
      eServices: countByKind(addresses.all.map(({ kind }) => kind)),
      payments: loaded.payments,
      events: feed.length,
      heard: countByKind([...ledger.heard.values()].map(({ kind }) => kind)),
      repeated: ledger.repeated.count,
      ...delaysOf(ledger),
      behindMs: loaded.behindMs,
      costs,
      breaches: [
        ...ledger.breaches,
        ...(feed.length === loaded.payments * EVENTS_OF_PAYMENT ? [] : [`${feed.length} events are in the feeds`]),
        ...judge({ ledger, addresses: addresses.all, feed }),
      ],
    }
  } finally {
    await hubs?.end()
    await database.end()
    await addresses.stop()
  }
}

/** A flapping address may meet its bad turn twice and wait for a minute. */
const SETTLE_MS = 150_000
const SETTLE_PAUSE_MS = 500

/** Waits until all that can be heard is heard, or as long as that may rightly take. Returns all feeds. */
const settled = async (
  { hurry }: Options,
  { heard }: Ledger,
  addresses: Addresses,
  { access, roots }: Hubs,
  url: string,
): Promise<readonly FeedEvent[]> => {
  const reachable = new Set(
    addresses.all.filter(({ kind }) => REACHABLE.includes(kind)).map(({ eService }) => eService),
  )
  const feed: FeedEvent[] = []
  for (const [eService, { apiKey }] of access) feed.push(...(await feedOf(roots[0] ?? '', eService, apiKey)))
  const end = performance.now() + SETTLE_MS
  const missing = () => feed.filter(({ id, eService }) => reachable.has(eService) && !heard.has(id)).length
  while (missing() > 0 && performance.now() < end) {
    if (hurry) await retryNow(url, reachable)
    await pause(SETTLE_PAUSE_MS)
  }
  return feed
}

/** What failed is sent again at once. */
const retryNow = async (url: string, eServices: ReadonlySet<string>): Promise<void> => {
  const names = [...eServices].map((name) => `'${name}'`).join()
  await execute(url, `update notices.dispatch set due_at = now() where step > 0 and e_service in (${names})`)
}

const FeedPage = z.object({
  events: z.array(
    z.object({ id: z.string(), sequence: z.int(), data: z.object({ payment: z.looseObject({ id: z.string() }) }) }),
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
    found.push(...page.events.map(({ id, sequence, data }) => ({ eService, id, sequence, payment: data.payment.id })))
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
