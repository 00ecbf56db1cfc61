import { setTimeout } from 'node:timers/promises'
import type { EventId, Random } from '../kernel/ids.ts'
import { type Clock, type Instant, toRfc3339 } from '../kernel/time.ts'
import type { SealedCount, Sealer } from '../platform/crypto/index.ts'
import type { Db } from '../platform/db/db.ts'
import { afterCommit } from '../platform/db/transactions.ts'
import type { HttpClient } from '../platform/http/client.ts'
import { type Log, silentLog } from '../platform/log.ts'
import { type Meters, noMeters } from '../platform/metrics.ts'
import { openTraces, type Traces } from '../platform/traces.ts'
import type { TaskOwner, Tasks } from '../tasks/index.ts'
import { openAddresses } from './addresses.ts'
import { openDeliveries } from './delivery.ts'
import type { HubEvent, Notices } from './events.ts'
import { placeAll, placeSome, readFeed } from './feed.ts'
import { openRounds } from './jobs.ts'
import { type Replayed, type ReplayWanted, replay } from './replay.ts'
import { type AddressCondition, troubledAddresses } from './store/addresses.ts'
import {
  type Backlog,
  backlogOf,
  deliveriesOf,
  type GivenUp,
  givenUp,
  redeliver,
  type Upcoming,
  upcomingNotices,
} from './store/dispatches.ts'
import { append, eventsOfSubject, passPlaces } from './store/events.ts'
import { ownerOf } from './store/replays.ts'

import { noticeTasks, openTaskKeeping } from './tasks.ts'

export type { Delivery, FeedPage, HubEvent, NoticeAddress, Notices, StoredEvent } from './events.ts'
export type { Replayed, ReplayWanted } from './replay.ts'
export type { AddressCondition } from './store/addresses.ts'
export type { Backlog, GivenUp } from './store/dispatches.ts'

/** The door: events to whoever must hear them. */
export type NoticesModule = Notices & {
  /** Notices that nobody acknowledged in thirty days, oldest first: each is a task for a person, until it is redelivered. */
  gaveUp(limit: number): Promise<readonly GivenUp[]>
  /** How many notices wait to be acknowledged, since when, and how many were given up; each counted to 10,000. */
  backlog(): Promise<Backlog>
  /** What the event of this id is about; undefined: there is none. */
  subjectOf(event: string): Promise<string | undefined>
  /** Counts, and unless `dry` sends once more, what is wanted: same ids, each subject's in order. Undefined: there is no such event. */
  replay(wanted: ReplayWanted, dry: boolean): Promise<Replayed | undefined>
  /** Addresses in use, without their keys. */
  urlsOf(eService: string): Promise<readonly string[]>
  /** Addresses that answered 410, or acknowledge nothing for more than one try. */
  troubled(): Promise<readonly AddressCondition[]>
  /** Whether the keys of addresses open. */
  sealed(): Promise<SealedCount>
  /** Seals every address's keys under the newest master key; what was done before an interruption stays done. Returns how many. */
  reseal(): Promise<number>
  /** The first `limit` notices whose time is still to come. */
  upcoming(limit: number): Promise<readonly Upcoming[]>
  /** Tasks about addresses, for the desk. */
  readonly taskOwner: TaskOwner
  /** Places and delivers until stopped. Several processes may do so beside each other. */
  start(): void
  /** Begins nothing more and waits for what is under way, at most `graceMs`; whatever is not written then is sent again. */
  stop(graceMs: number): Promise<void>
  /** Places and delivers all that is due at that time, in this process; for a clock that a test moves. Returns how many were sent. */
  drain(now?: Instant): Promise<number>
  /** Places and delivers once what is due now; returns how much that was. For who keeps time by itself. */
  round(): Promise<number>
}

export type NoticesOptions = {
  readonly db: Db
  readonly client: HttpClient
  readonly clock: Clock
  readonly random: Random
  /** Seals the signing keys of addresses. */
  readonly sealer: Sealer
  readonly tasks: Tasks
  readonly log?: Log
  readonly meters?: Meters
  readonly traces?: Traces
  /** The machine's time unless told. */
  readonly pause?: ((ms: number) => Promise<void>) | undefined
  readonly elapsedMs?: (() => number) | undefined
}

export const openNotices = ({
  db,
  client,
  clock,
  random,
  sealer,
  tasks,
  log = silentLog,
  meters = noMeters,
  traces = openTraces(),
  pause = (ms) => setTimeout(ms, undefined, { ref: false }),
  elapsedMs = () => performance.now(),
}: NoticesOptions): NoticesModule => {
  let frozen: Instant | undefined
  const now = (): Instant => frozen ?? clock.now()
  const fault = (error: unknown, what: string): void => log.error({ error }, what)
  const keeping = openTaskKeeping(db, tasks, now)
  const addresses = openAddresses(db, sealer, random, keeping)
  const ready = (due: readonly string[]): void => rounds.ready(due)
  const chance = () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32
  const deliveries = openDeliveries({
    db,
    client,
    addresses,
    tasks: keeping,
    chance,
    now,
    ready,
    fault,
    meters,
    traces,
    pause,
    elapsedMs,
  })
  const tidy = async (): Promise<void> => {
    await deliveries.tidy()
    await addresses.forget(now())
  }
  const round = async () => {
    const { count: placed } = await placeAll(db, now())
    const sent = await deliveries.begin(await deliveries.due())
    const waited = deliveries.underWay() > 0
    await deliveries.idle()
    return { placed, sent, waited }
  }
  const rounds = openRounds({ db, place: () => placeSome(db, now()), deliveries, tidy, fault })

  return {
    append: async (tx, events) => {
      for (const event of events) await append(tx, event, bodyOf(event))
      afterCommit(tx, rounds.wake)
    },
    feed: async (eService, after, limit) => {
      // Whoever just saw a payment change finds the event here.
      rounds.ready((await placeAll(db, now())).addresses)
      return readFeed(db, eService, after, limit)
    },
    ofSubject: (eService, subject) => eventsOfSubject(db, eService, subject),
    redeliver: async (eService, event) => {
      await placeAll(db, now())
      const owed = await db.tx(async (tx) => {
        const addressed = await redeliver(tx, eService, event, now())
        await keeping.keepOpen(tx, eService)
        return addressed
      })
      if (!owed) return 'unknown_event'
      rounds.ready(owed)
      return owed.length > 0 ? 'queued' : 'no_address'
    },
    pass: (count) => passPlaces(db, count),
    subjectOf: async (event) => (await ownerOf(db, event))?.subject,
    replay: async (wanted, dry) => {
      await placeAll(db, now())
      const replayed = await replay(db, keeping, wanted, dry, now)
      if (!replayed) return undefined
      const { ready: due, ...told } = replayed
      ready(due)
      return told
    },
    deliveries: (event: EventId) => deliveriesOf(db, event),
    setAddresses: addresses.set,
    addresses: addresses.list,
    rotate: addresses.rotate,
    urlsOf: addresses.urls,
    troubled: () => troubledAddresses(db),
    sealed: addresses.sealed,
    reseal: addresses.reseal,
    gaveUp: (limit) => givenUp(db, limit),
    backlog: () => backlogOf(db),
    upcoming: (limit) => upcomingNotices(db, now(), limit),
    taskOwner: noticeTasks(db, tasks, now),
    start: rounds.start,
    stop: rounds.stop,
    drain: async (at = clock.now()) => {
      frozen = at
      try {
        for (let sent = 0; ; ) {
          const did = await round()
          sent += did.sent
          if (did.placed + did.sent > 0 || did.waited) continue
          await tidy()
          return sent
        }
      } finally {
        frozen = undefined
      }
    },
    round: async () => {
      const did = await round()
      return did.placed + did.sent
    },
  }
}

/** The notice as it goes out, fixed here once and for all. */
const bodyOf = ({ type, at, sequence, data }: HubEvent): string =>
  JSON.stringify({ type, timestamp: toRfc3339(at), sequence, data })
