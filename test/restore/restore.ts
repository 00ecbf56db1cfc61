import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, toRfc3339 } from '../../src/kernel/time.ts'
import type { Embedded } from '../../src/platform/db/embedded.ts'
import { movingClock } from '../../src/sandbox/index.ts'
import { freePorts } from '../support/ports.ts'
import { execute } from '../support/test-server.ts'
import { chanceFrom } from '../torture/chance.ts'
import { type Asked, allPayments } from '../torture/feed.ts'
import { offered, setUp } from '../torture/hubs.ts'
import { type Ledger, openLedger } from '../torture/ledger.ts'
import { startReceiver } from '../torture/receiver.ts'
import type { Surroundings } from '../torture/surroundings.ts'
import { openBanks, sendPayers } from '../torture/torture.ts'
import { judgeTurnedAway } from '../torture/verdict.ts'
import { askBack, askForRefunds, REFUND_MINOR, type Refunds } from '../upgrade/refunds.ts'
import { type Release, releaseAt } from '../upgrade/release.ts'
import { type Evidence, isLeftOut, Told } from './books.ts'
import type { Report } from './report.ts'
import { lose, startArchiving, startRestored, takeBaseBackup } from './server.ts'
import { executedIn, settle } from './settling.ts'
import { type Standing, standAtBank } from './standing.ts'

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
  const flow = () => acknowledgedMore(ledger, stepPayments)
  try {
    await hub.start()
    const roots = { bankRoot: world.root, shopRoot: receiver.root }
    const { apiKey, noticeKeys } = await setUp(hub.command, folder, roots)
    receiver.expect(noticeKeys)
    const asked: Asked = { hubRoot: root, apiKey, ledger }
    await offered(ledger, root, apiKey)
    const around = { ...roots, ...asked, chance: chanceFrom(options.seed) }
    const load = () => sendPayers(around, options.payers)
    const refunds = askForRefunds(asked)
    const before = load()
    await flow()
    const backupMs = await timed(async () => takeBaseBackup(folder, first.url))
    await flow()
    await until(() => refunds.asked.size > 0, 'nobody asks for a refund')
    const standing = [await standAtBank(around, 'sandbox'), await standAtBank(around, 'swedbank-lv')]
    const kept = [...ledger.created.keys()]
    const keptRefunds = acknowledgedRefunds(ledger, refunds)
    const moment = systemClock.now()
    const to = toRfc3339(moment)
    say(`The moment to restore to is ${to}; ${kept.length} payments were acknowledged by then.`)
    await payAfterTheMoment(around, standing, refunds)
    await flow()
    await Promise.all([before.stop(), refunds.stop()])
    const acknowledged = ledger.created.size
    await archived(first)
    await hub.kill()
    lose(folder)
    const servedFrom = clock.now()
    say(`The machine is lost, with all that was acknowledged since: ${acknowledged - kept.length} payments.`)

    const start = (server: Embedded) => hubOn(server, 'restored')
    const back = await comeBack({ folder, to, ends, start, ledger, root, apiKey })
    say(`Restored in ${Math.round(back.restoreMs)} ms; the hub serves again.`)
    const repeated = await repeatForgotten(asked, refunds, keptRefunds)
    await clock.advance(BANKS_DONE_MS)
    const after = load()
    await flow()
    await after.stop()
    await clock.advance(BANKS_DONE_MS)
    const askedBack = [...ledger.refunds.values(), ...inCents(refunds)]
    const { server, told, executedThen, ...times } = back
    const known = { told, kept, keptRefunds, executedThen, heard: receiver.heard, askedBack }
    const { books, parked } = await settle({ asked, world, server, servedFrom, known })
    return {
      ...{ ...times, backupMs, books, told, parked, repeated },
      ...{ kept: kept.length, lost: acknowledged - kept.length, since: ledger.created.size - acknowledged },
      ...{ keptRefunds: keptRefunds.size, leftOut: ledger.breaches.filter(isLeftOut).length },
      breaches: [
        ...ledger.breaches.filter((breach) => !isLeftOut(breach)),
        ...judgeTurnedAway(ledger),
        ...books.breaches,
      ],
    }
  } finally {
    for (const end of ends) await end()
  }
}

type ComingBack = {
  readonly folder: string
  readonly to: string
  readonly ends: (() => Promise<unknown>)[]
  start(server: Embedded): Release
  readonly ledger: Ledger
  readonly root: string
  readonly apiKey: string
}

/** As docs/operating/back-up.md says, until every PSP is asked that can be. */
const comeBack = async ({ folder, to, ends, start, ledger, root, apiKey }: ComingBack) => {
  const lostAt = performance.now()
  const server = await startRestored(folder, to)
  ends.unshift(server.stop)
  const restoreMs = performance.now() - lostAt
  const executedThen = await executedIn(server)
  const hub = start(server)
  ends.unshift(hub.stop)
  const since = performance.now()
  const told = Told.parse(await hub.command('restored', '--to', to, '--yes'))
  const restoredMs = performance.now() - since
  await hub.start()
  await offered(ledger, root, apiKey)
  const servesMs = performance.now() - lostAt
  await until(async () => (await stillToAsk(server)) === 0, 'PSPs are not asked')
  return { server, told, executedThen, restoreMs, restoredMs, servesMs, enquiredMs: performance.now() - lostAt }
}

const until = async (holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> => {
  const end = performance.now() + WAIT_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${otherwise}, for ${WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

const acknowledgedMore = ({ created }: Ledger, count: number): Promise<void> => {
  const enough = created.size + count
  return until(() => created.size >= enough, 'next to nothing is acknowledged')
}

/** All that is not the hub, and remembers. */
const openStage = async () => {
  const ledger = openLedger()
  const receiver = await startReceiver(ledger)
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

/** Refunds with their amounts. */
const acknowledgedRefunds = ({ refunds }: Ledger, { asked }: Refunds): Evidence['keptRefunds'] =>
  new Map([
    ...[...refunds].map(([id, { amountMinor }]) => [id, amountMinor] as const),
    ...[...asked.keys()].map((id) => [id, REFUND_MINOR] as const),
  ])

/** What the restored hub does not know, each kind at least once: money and a refund of what it knows, and orders of which a bank tells later. */
const payAfterTheMoment = async (around: Surroundings, standing: readonly Standing[], refunds: Refunds) => {
  for (const { decide } of standing) await decide('pay')
  const [{ payment } = { payment: '' }] = standing
  await until(async () => {
    const seen = await allPayments(around)
    return seen.some(({ view }) => view.id === payment && view.status === 'executed')
  }, 'what was paid is not executed')
  await refunds.ask(payment)
  await (await standAtBank(around, 'sandbox')).decide('processing')
  await (await standAtBank(around, 'swedbank-lv')).decide('notice_late')
}

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
