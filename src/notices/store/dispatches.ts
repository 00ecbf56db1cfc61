import type { EventId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement, type Tx } from '../../platform/db/db.ts'
import type { Delivery } from '../events.ts'
import { HELD_AT_MOST_S } from './events.ts'

/** What is owed to which address, and what came of each sending. */

// `order by random()`: where there are more addresses than places, none is always last.
const DUE = statement<{ readonly address: string }>(
  'notices.due',
  `with recursive lane as (
     (select address from notices.dispatch order by address limit 1)
     union all
     select (select d.address from notices.dispatch d where d.address > lane.address order by d.address limit 1)
     from lane where lane.address is not null)
   select address from lane
   where exists (select from notices.dispatch d where d.address = lane.address and d.due_at <= $1)
     and exists (select from notices.address a where a.id = lane.address and a.disabled_at is null)
   order by random()`,
)

/** Addresses to which something is due; costs a look-up for each address that is owed anything. */
export const dueAddresses = async (db: Queryable, now: Instant): Promise<readonly string[]> =>
  (await db.query(DUE, [at(now)])).map(({ address }) => address)

const FAILING = statement<{ readonly address: string }>(
  'notices.failing',
  `select address from unnest($1::text[]) as asked (address)
   where exists (select from notices.dispatch d where d.address = asked.address and d.step > 0)`,
)

/** Those of these addresses to which something that is still owed was sent in vain. */
export const failingAmong = async (db: Queryable, addresses: readonly string[]): Promise<ReadonlySet<string>> =>
  new Set((await db.query(FAILING, [addresses])).map(({ address }) => address))

/** A notice that will be sent by itself, for the first time or again. */
export type Upcoming = { readonly at: Instant; readonly eService: string; readonly subject: string }

const UPCOMING = statement<Upcoming>(
  'notices.upcoming',
  `with recursive lane as (
     (select address from notices.dispatch order by address limit 1)
     union all
     select (select d.address from notices.dispatch d where d.address > lane.address order by d.address limit 1)
     from lane where lane.address is not null)
   select next.due_at as at, next.e_service as "eService", next.subject
   from lane
   join notices.address a on a.id = lane.address and a.disabled_at is null
   cross join lateral (
     select d.due_at, d.e_service, d.subject from notices.dispatch d
     where d.address = lane.address and d.due_at > $1 order by d.due_at limit $2) as next
   order by at, subject limit $2`,
)

/** The first `limit` whose time is still to come. */
export const upcomingNotices = (db: Queryable, now: Instant, limit: number): Promise<readonly Upcoming[]> =>
  db.query(UPCOMING, [at(now), limit])

export type Claimed = {
  readonly merchant: string
  readonly eService: string
  readonly address: string
  readonly url: string
  readonly event: EventId
  readonly subject: string
  readonly since: Instant
  /** When the event was written. */
  readonly happenedAt: Instant
  /** Fences the finishing write. */
  readonly claim: number
  readonly step: number
  readonly again: boolean
  readonly body: string
  readonly traceparent: string | null
  readonly sealedKeys: readonly string[]
}

const CLAIM = statement<Claimed>(
  'notices.claim',
  `with picked as (
     select due.* from unnest($1::text[], $2::int[]) as wanted (address, places)
     cross join lateral (
       select d.event, d.address, d.merchant from notices.dispatch d
       where d.address = wanted.address and d.due_at <= $3 order by d.due_at, d.event limit wanted.places
       for update skip locked) due),
   claimed as (
     update notices.dispatch d set claims = d.claims + 1, due_at = $4 from picked p
     where d.event = p.event and d.address = p.address and d.merchant = p.merchant returning d.*)
   select c.merchant, c.e_service as "eService", c.address, a.url, c.event, c.subject, c.since, c.claims as claim, c.step,
     c.again, e.at as "happenedAt", e.body, e.traceparent, array(
       select k.sealed from notices.signing_key k
       where k.address = a.id and k.merchant = a.merchant and (k.ends_at is null or k.ends_at > $3)
       order by k.ends_at desc nulls first) as "sealedKeys"
   from claimed c
   join notices.address a on a.id = c.address and a.merchant = c.merchant
   join notices.event e on e.id = c.event and e.merchant = c.merchant
   order by c.sequence`,
)

/** What is due at these addresses, at most so many each, claimed until the lease ends. */
export const claim = (
  db: Queryable,
  places: ReadonlyMap<string, number>,
  now: Instant,
  leaseEnds: Instant,
): Promise<readonly Claimed[]> => db.query(CLAIM, [[...places.keys()], [...places.values()], at(now), at(leaseEnds)])

/** One sending, and what follows from it. */
export type Finished = {
  readonly claimed: Claimed
  readonly at: Instant
  readonly status: number | undefined
  readonly answer: string
  readonly tookMs: number
  readonly verdict: 'acknowledged' | 'gone' | 'again' | 'gave_up'
  /** When to try again. */
  readonly next: Instant
}

// Whole lanes: of two that end different notices of one subject at the same moment, the second sees what the first has ended, and so
// releases what waits for both.
const LOCK = statement(
  'notices.finish_lock_lanes',
  `select from (select distinct * from unnest($1::text[], $2::text[]) as l (address, subject)) lane
   join notices.dispatch d on d.address = lane.address and d.subject = lane.subject
   order by d.subject, d.sequence, d.address for update of d`,
)

const KEEP = statement(
  'notices.finish_keep',
  `insert into notices.delivery (merchant, event, address, claim, at, status, answer, took_ms)
   select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::int[], $7::text[], $8::int[])
   on conflict do nothing`,
)

// An acknowledgement counts whoever holds the claim by now.
const END = statement(
  'notices.finish_end',
  `with ended as (
     delete from notices.dispatch d using unnest($1::text[], $2::text[], $3::int[], $4::text[]) as f (event, address, claim, verdict)
     where d.event = f.event and d.address = f.address and (f.verdict <> 'gave_up' or d.claims = f.claim)
     returning d.merchant, d.address, d.event, d.e_service, f.verdict)
   insert into notices.gave_up (merchant, address, event, e_service, at)
   select merchant, address, event, e_service, $5 from ended where verdict = 'gave_up' on conflict do nothing`,
)

const AGAIN = statement(
  'notices.finish_again',
  `update notices.dispatch d set due_at = f.next, step = f.step + 1
   from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[]) as f (event, address, claim, step, next)
   where d.event = f.event and d.address = f.address and d.claims = f.claim`,
)

/** Those that never were sent and wait for an earlier one: each until the last of those still owed no longer holds it. */
const RELEASE = statement<{ readonly address: string | null }>(
  'notices.release',
  `update notices.dispatch d set due_at = greatest($3::timestamptz, make_interval(secs => $4) + (
     select max(e.since) from notices.dispatch e
     where e.address = d.address and e.subject = d.subject and e.sequence < d.sequence and not e.again))
   from (select distinct * from unnest($1::text[], $2::text[]) as l (address, subject)) lane
   where d.address = lane.address and d.subject = lane.subject and d.claims = 0 and d.due_at > $3
   returning case when d.due_at <= $3 then d.address end as address`,
)

/**
 * Writes what came of a batch of sendings. May be repeated with the same batch. Returns addresses at which a later notice of the
 * same subject became due.
 */
export const finish = async (tx: Tx, batch: readonly Finished[], now: Instant): Promise<readonly string[]> => {
  const ended = batch.filter(({ verdict }) => verdict !== 'again')
  const again = batch.filter(({ verdict }) => verdict === 'again')
  const lanes = ended.filter(({ claimed }) => !claimed.again)
  // Sent one behind the other: none needs the answer of another, only its effect.
  const written = [tx.query(KEEP, deliveryColumns(batch))]
  // In the order that placing locks them in, so that the two cannot wait for each other.
  written.push(tx.query(LOCK, [addresses(batch), batch.map(({ claimed }) => claimed.subject)]))
  if (ended.length > 0) {
    const verdicts = ended.map(({ verdict }) => verdict)
    written.push(tx.query(END, [events(ended), addresses(ended), claims(ended), verdicts, at(now)]))
  }
  if (again.length > 0) {
    const steps = again.map(({ claimed }) => claimed.step)
    const next = again.map((one) => at(one.next))
    written.push(tx.query(AGAIN, [events(again), addresses(again), claims(again), steps, next]))
  }
  const subjects = lanes.map(({ claimed }) => claimed.subject)
  const release = lanes.length === 0 ? [] : tx.query(RELEASE, [addresses(lanes), subjects, at(now), HELD_AT_MOST_S])
  await Promise.all(written)
  return (await release).flatMap(({ address }) => address ?? [])
}

const events = (batch: readonly Finished[]): readonly string[] => batch.map(({ claimed }) => claimed.event)
const addresses = (batch: readonly Finished[]): readonly string[] => batch.map(({ claimed }) => claimed.address)
const claims = (batch: readonly Finished[]): readonly number[] => batch.map(({ claimed }) => claimed.claim)

const deliveryColumns = (batch: readonly Finished[]): readonly unknown[] => [
  batch.map(({ claimed }) => claimed.merchant),
  events(batch),
  addresses(batch),
  claims(batch),
  batch.map((one) => at(one.at)),
  batch.map(({ status }) => status ?? null),
  batch.map(({ answer }) => answer),
  batch.map(({ tookMs }) => tookMs),
]

const DELIVERIES = statement<Omit<Delivery, 'status'> & { readonly status: number | null }>(
  'notices.deliveries',
  `select a.url, d.at, d.status, d.answer, d.took_ms as "tookMs" from notices.delivery d
   join notices.address a on a.id = d.address and a.merchant = d.merchant
   where d.event = $1 order by d.at desc, d.claim desc, a.url`,
)

export const deliveriesOf = async (db: Queryable, event: EventId): Promise<readonly Delivery[]> =>
  (await db.query(DELIVERIES, [event])).map((row) => ({ ...row, status: row.status ?? undefined }))

const REDELIVER = statement<{ readonly known: boolean; readonly addresses: readonly string[] | null }>(
  'notices.redeliver',
  `with wanted as (
     select * from notices.event where id = $1 and e_service = $2),
   settled as (
     delete from notices.gave_up g using wanted w where g.event = w.id and g.merchant = w.merchant),
   queued as (
     insert into notices.dispatch as d (merchant, address, event, e_service, subject, sequence, since, due_at, again)
     select w.merchant, a.id, w.id, w.e_service, w.subject, w.sequence, $3, $3, true
     from wanted w join notices.address a
       on a.e_service = w.e_service and a.merchant = w.merchant and a.disabled_at is null
     on conflict (event, address, merchant) do update
       set due_at = case when d.claims = 0 then d.due_at else least(d.due_at, excluded.due_at) end
     returning address)
   select exists (select from wanted) as known, (select array_agg(address) from queued) as addresses`,
)

/**
 * Owes an event once more to each address in use; returns them, or undefined when there is no such event. One that still waits for
 * its turn keeps its place in the order.
 */
export const redeliver = async (
  db: Queryable,
  eService: string,
  event: EventId,
  now: Instant,
): Promise<readonly string[] | undefined> => {
  const [row] = await db.query(REDELIVER, [event, eService, at(now)])
  return row?.known ? (row.addresses ?? []) : undefined
}

const OVERDUE = statement<{ readonly address: string }>(
  'notices.overdue',
  `with ended as (
     delete from notices.dispatch where since < $1 returning merchant, address, event, e_service)
   insert into notices.gave_up (merchant, address, event, e_service, at)
   select merchant, address, event, e_service, $2 from ended on conflict do nothing returning address`,
)

/** Gives up what has been owed since before then and never had its last try. Returns the addresses, one for each. */
export const giveUpOverdue = async (db: Queryable, owedBefore: Instant, now: Instant): Promise<readonly string[]> =>
  (await db.query(OVERDUE, [at(owedBefore), at(now)])).map(({ address }) => address)

/** A notice that was not acknowledged in thirty days: a task for a person. */
export type GivenUp = {
  readonly merchant: string
  readonly eService: string
  readonly url: string
  readonly event: EventId
  readonly subject: string
  readonly at: Instant
}

const GIVEN_UP = statement<GivenUp>(
  'notices.given_up',
  `select g.merchant, g.e_service as "eService", a.url, g.event, e.subject, g.at from notices.gave_up g
   join notices.address a on a.id = g.address and a.merchant = g.merchant
   join notices.event e on e.id = g.event and e.merchant = g.merchant
   order by g.at, g.event limit $1`,
)

/** Oldest first. */
export const givenUp = (db: Queryable, limit: number): Promise<readonly GivenUp[]> => db.query(GIVEN_UP, [limit])

const GIVEN_UP_AT = statement<Pick<GivenUp, 'event' | 'subject' | 'at'>>(
  'notices.given_up_at',
  `select g.event, e.subject, g.at from notices.gave_up g join notices.event e on e.id = g.event and e.merchant = g.merchant
   where g.address = $1 order by g.at desc, g.event limit $2`,
)
/** What was given up at one address, newest first. */
export const givenUpAt = (db: Queryable, address: string, limit: number) => db.query(GIVEN_UP_AT, [address, limit])

/** Notices that delivery has not been given, that are not yet acknowledged, and those given up; `oldest` of the first two. */
export type Backlog = {
  readonly unplaced: number
  readonly waiting: number
  readonly gaveUp: number
  readonly oldest: Instant | null
}

/** More than this is told as this: a count for a page that is read every few seconds must not walk a long queue. */
const COUNTED_AT_MOST = 10_000
/** Ids of events lie in the order of their making, but for what was asked for again: the oldest is among so many. */
const LOOKED_AT_MOST = 1_000

const BACKLOG = statement<Backlog>(
  'notices.backlog',
  `select
     (select count(*)::int from (select 1 from notices.unplaced limit $1) as loose) as unplaced,
     (select count(*)::int from (select 1 from notices.dispatch limit $1) as owed) as waiting,
     (select count(*)::int from (select 1 from notices.gave_up limit $1) as given) as "gaveUp",
     least(
       (select min(at) from notices.unplaced),
       (select min(since) from (select since from notices.dispatch order by event limit $2) as first)) as oldest`,
)

export const backlogOf = async (db: Queryable): Promise<Backlog> => {
  const [row] = await db.query(BACKLOG, [COUNTED_AT_MOST, LOOKED_AT_MOST])
  if (!row) throw new Error('the database counted no notices')
  return row
}
