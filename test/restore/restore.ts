import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, toRfc3339 } from '../../src/kernel/time.ts'
import type { Embedded } from '../../src/platform/db/embedded.ts'
import { movingClock, type World } from '../../src/sandbox/index.ts'
import { freePorts } from '../support/ports.ts'
import { execute } from '../support/test-server.ts'
import { chanceFrom } from '../torture/chance.ts'
import { type Asked, allPayments } from '../torture/feed.ts'
import { offered, setUp } from '../torture/hubs.ts'
import { openLedger } from '../torture/ledger.ts'
import { startReceiver } from '../torture/receiver.ts'
import { openBanks, sendPayers } from '../torture/torture.ts'
import { askBack, askForRefunds, REFUND_MINOR, type Refunds } from '../upgrade/refunds.ts'
import { type Release, releaseAt } from '../upgrade/release.ts'
import { type Books, compareBooks, type Evidence, Told } from './books.ts'
import type { Report } from './report.ts'
import { lose, startArchiving, startRestored, takeBaseBackup } from './server.ts'

export { shown } from './report.ts'

export type Options = {
  /** The built command line. */
  readonly program: string
  /** At once. */
  readonly payers: number
  /** So many payments are acknowledged before each step goes on. */
  readonly stepPayments: number
  readonly seed: number
  /** Empty, and such that the database's user may enter it. */
  readonly folder: string
  readonly say: (line: string) => void
}

/** What was taken for processing is paid after half a minute, and every notice was repeated. */
const BANKS_DONE_MS = 65_000
const WAIT_MS = 180_000
const POLL_MS = 20
const SETTLE_MS = 90_000
const SETTLE_PAUSE_MS = 1_000

/**
 * Loses a hub's machine under load and restores it to an earlier moment, as docs/operating/back-up.md says. Banks, payers and e-service are
 * played here and remember what the database has forgotten. In the end every cent at the banks is in the hub's books, or on the list
 * that it prints for a clerk, or of a payment ordered after that moment.
 */
export const rehearse = async (options: Options): Promise<Report> => {
  const { folder, say, stepPayments } = options
  const { ledger, receiver, clock, world, port, root } = await openStage()
  const hubOn = (server: Embedded, name: string) => hubAt(options, server, name, port, ledger.breaches)
  mkdirSync(join(folder, 'hub'), { mode: 0o711 })
  const first = await startArchiving(folder)
  const hub = hubOn(first, 'lost')
  const ends: (() => Promise<unknown>)[] = [hub.kill, first.stop, world.stop, receiver.stop, async () => clock.stop()]
  const flow = (): Promise<void> => {
    const enough = ledger.created.size + stepPayments
    return until(() => ledger.created.size >= enough, 'next to nothing is acknowledged')
  }
  try {
    await hub.start()
    const roots = { bankRoot: world.root, shopRoot: receiver.root }
    const { apiKey, noticeKeys } = await setUp(hub.command, folder, roots)
    receiver.expect(noticeKeys)
    const asked: Asked = { hubRoot: root, apiKey, ledger }
    await offered(ledger, root, apiKey)
    const load = () => sendPayers({ ...roots, ...asked, chance: chanceFrom(options.seed) }, options.payers)
    const refunds = askForRefunds(asked)
    const before = load()
    await flow()
    const backupMs = await timed(async () => takeBaseBackup(folder, first.url))
    await flow()
    const kept = [...ledger.created.keys()]
    const keptRefunds = new Set(refunds.asked.keys())
    const moment = systemClock.now()
    const to = toRfc3339(moment)
    say(`The moment to restore to is ${to}; ${kept.length} payments were acknowledged by then.`)
    await flow()
    await Promise.all([before.stop(), refunds.stop()])
    const acknowledged = ledger.created.size
    await archived(first)
    await hub.kill()
    lose(folder)
    say(`The machine is lost, with all that was acknowledged since: ${acknowledged - kept.length} payments.`)

    const lostAt = performance.now()
    const second = await startRestored(folder, to)
    ends.unshift(second.stop)
    const restoreMs = performance.now() - lostAt
    const back = hubOn(second, 'restored')
    ends.unshift(back.stop)
    let told = Told.parse({ numbers: { from: 0, to: 0 }, asked: 0, unaskable: [], refunds: [] })
    const restoredMs = await timed(async () => {
      told = Told.parse(await back.command('restored', '--to', to, '--yes'))
    })
    await back.start()
    await offered(ledger, root, apiKey)
    const servesMs = performance.now() - lostAt
    say(`Restored in ${Math.round(restoreMs)} ms; the hub serves again.`)
    await until(async () => (await stillToAsk(second)) === 0, 'PSPs are not asked')
    const enquiredMs = performance.now() - lostAt
    const repeated = await repeatForgotten(asked, refunds, keptRefunds)
    await clock.advance(BANKS_DONE_MS)
    const after = load()
    await flow()
    await after.stop()
    await clock.advance(BANKS_DONE_MS)
    const askedBack = [...ledger.refunds.values(), ...inCents(refunds)]
    const evidence = { told, kept, heard: receiver.heard, askedBack, unanswered: await unanswered(second) }
    const books = await settle(asked, world, evidence)
    return {
      ...{ backupMs, restoreMs, restoredMs, servesMs, enquiredMs, books, told },
      ...{ kept: kept.length, lost: acknowledged - kept.length, since: ledger.created.size - acknowledged },
      ...{ parked: await parkedIn(second), repeated },
      breaches: [...ledger.breaches, ...books.breaches],
    }
  } finally {
    for (const end of ends) await end()
  }
}

const until = async (holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> => {
  const end = performance.now() + WAIT_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${otherwise}, for ${WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

/** All that is not the hub, and remembers. */
const openStage = async () => {
  const ledger = openLedger()
  // What it says of gaps is not wrong here: a restored hub leaves numbers out.
  const receiver = await startReceiver({ ...ledger, breaches: [] })
  const clock = movingClock()
  const world = await openBanks(ledger, clock)
  const [port = 0] = await freePorts(1)
  return { ledger, receiver, clock, world, port, root: `http://localhost:${port}` }
}

const hubAt = (
  { folder, program }: Options,
  { url }: Embedded,
  name: string,
  port: number,
  breaches: string[],
): Release => {
  const environment = {
    DATABASE_URL: url,
    EBIZNESS_PUBLIC_URL: `http://localhost:${port}`,
    EBIZNESS_DATA_DIR: join(folder, 'hub'),
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
  }
  return releaseAt({ folder, name, port, environment, program, breaches })
}

const timed = async (work: () => Promise<void>): Promise<number> => {
  const since = performance.now()
  await work()
  return performance.now() - since
}

/** The last piece of WAL is in the archive, as `archive_timeout` sees to within its time; what comes after it would be lost. */
const archived = async ({ url }: Embedded): Promise<void> => {
  const [row] = await execute<{ name: string }>(url, 'select pg_walfile_name(pg_switch_wal()) as name')
  const name = row?.name ?? ''
  const look = `select 1 from pg_stat_archiver where last_archived_wal >= '${name}'`
  await until(async () => (await execute(url, look)).length > 0, 'the WAL is not archived')
}

/** Each was asked about once: who did not answer is asked again later. */
const stillToAsk = async ({ url }: Embedded): Promise<number> => {
  const due = `select 1 from platform.job where kind in ('payments.ask-again', 'payments.refund') and run_at <= now() + interval '1 second'`
  return (await execute(url, due)).length
}

const parkedIn = async ({ url }: Embedded): Promise<number> =>
  (await execute(url, `select 1 from payments.message where verdict = 'parked'`)).length

const inCents = ({ asked }: Refunds): Evidence['askedBack'] =>
  [...asked.values()].map(({ payment }) => ({ payment, amountMinor: REFUND_MINOR }))

/** Who was told of a refund and finds it gone asks again, by the same key. Returns how many are taken: of a payment that is gone too none is. */
const repeatForgotten = async (
  around: Asked,
  { asked }: Refunds,
  kept: { has(id: string): boolean },
): Promise<number> => {
  const forgotten = [...asked].filter(([id]) => !kept.has(id))
  const answers = await Promise.all(forgotten.map(([, wanted]) => askBack(around, wanted)))
  return answers.filter((answer) => answer?.status === 201).length
}

const unanswered = async ({ url }: Embedded): Promise<ReadonlySet<string>> => {
  const rows = await execute<{ readonly number: string }>(
    url,
    `select number from payments.attempt where agreement like '%sandbox' and kept = '{}'`,
  )
  return new Set(rows.map(({ number }) => number))
}

const settle = async (asked: Asked, world: World, known: Omit<Evidence, 'orders' | 'payments'>): Promise<Books> => {
  const end = performance.now() + SETTLE_MS
  for (;;) {
    const books = compareBooks({ ...known, orders: world.orders(), payments: await allPayments(asked) })
    if (books.breaches.length === 0 || performance.now() > end) return books
    await pause(SETTLE_PAUSE_MS)
  }
}
