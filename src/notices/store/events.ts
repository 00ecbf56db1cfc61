import type { EventId } from '../../kernel/ids.ts'
import { DAY_MS, type Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement, type Tx } from '../../platform/db/db.ts'
import type { HubEvent, StoredEvent } from '../events.ts'

/** Events as they were written, and their places in the feed. */

const APPEND = statement(
  'notices.append',
  `with written as (
     insert into notices.event (merchant, id, e_service, subject, sequence, type, at, body, traceparent)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9))
   insert into notices.unplaced (merchant, event, e_service, subject, sequence, at) values ($1, $2, $3, $4, $5, $7)`,
)

export const append = async (tx: Queryable, event: HubEvent, body: string): Promise<void> => {
  const { merchant, id, eService, subject, sequence, type, traceparent = null } = event
  await tx.query(APPEND, [merchant, id, eService, subject, sequence, type, at(event.at), body, traceparent])
}

const ANY_UNPLACED = statement<{ readonly any: boolean }>(
  'notices.any_unplaced',
  'select exists (select from notices.unplaced) as any',
)

export const anyUnplaced = async (db: Queryable): Promise<boolean> => (await db.query(ANY_UNPLACED))[0]?.any ?? false

const PASS = statement('notices.pass', 'update notices.frontier set position = position + $1')
/** Leaves out so many places of the feed. */
export const passPlaces = async (db: Queryable, count: number): Promise<void> => {
  await db.query(PASS, [count])
}

const LOCK_FRONTIER = statement<{ readonly position: number }>(
  'notices.lock_frontier',
  'select position from notices.frontier for update',
)

/**
 * Gives positions to committed events, oldest first and each subject's in order, and writes what is owed to each address.
 *
 * A subject is taken whole: of two of its events, the later is never placed while the earlier is not. An event waits for the earlier
 * ones that this address is still owed; those are locked, in an order that all agree on, so that whoever finishes one at this moment
 * either is seen by us or sees ours.
 */
const PLACE = statement<{ readonly placed: number; readonly addresses: readonly string[] | null }>(
  'notices.place',
  `with oldest as (
     select distinct merchant, subject from (select merchant, subject from notices.unplaced order by at limit $3) first),
   taken as (
     delete from notices.unplaced u using oldest o where u.subject = o.subject and u.merchant = o.merchant returning u.*),
   placed as (
     select *, $1::bigint + row_number() over (order by rank, merchant, subject, sequence) as position
     from (select *, max(at) over (partition by merchant, subject order by sequence) as rank from taken) ranked),
   fed as (
     insert into notices.feed (merchant, e_service, position, event)
     select merchant, e_service, position, event from placed),
   moved as (
     update notices.frontier set position = $1 + (select count(*) from placed)),
   owed as (
     select p.*, a.id as address, row_number() over (partition by a.id, p.subject order by p.sequence) = 1 as is_first
     from placed p join notices.address a
       on a.e_service = p.e_service and a.merchant = p.merchant and a.disabled_at is null),
   earlier as (
     select d.address, d.subject, d.since
     from (select distinct address, subject from owed) lane
     join notices.dispatch d on d.address = lane.address and d.subject = lane.subject and not d.again
     order by d.subject, d.sequence, d.address for update of d),
   written as (
     insert into notices.dispatch (merchant, address, event, e_service, subject, sequence, since, due_at)
     select merchant, address, event, e_service, subject, sequence, $2::timestamptz,
       greatest($2::timestamptz, make_interval(secs => $4) + case when is_first
         then (select max(e.since) from earlier e where e.address = o.address and e.subject = o.subject)
         else $2::timestamptz end)
     from owed o order by position
     on conflict do nothing returning address)
   select (select count(*) from placed) as placed, (select array_agg(distinct address) from written) as addresses`,
)

/** An earlier notice holds later ones of its subject back at most this long, counted from when it was first owed. */
export const HELD_AT_MOST_S = DAY_MS / 1000

export type Placed = { readonly count: number; readonly addresses: readonly string[] }

/**
 * At most about `limit` events. One at a time in the whole database: the frontier's row is locked until commit, so positions become
 * visible in their order, and an event that commits later has a later one.
 */
export const place = async (tx: Tx, now: Instant, limit: number): Promise<Placed> => {
  const [frontier] = await tx.query(LOCK_FRONTIER)
  if (!frontier) throw new Error('notices.frontier has lost its row')
  const [row] = await tx.query(PLACE, [frontier.position, at(now), limit, HELD_AT_MOST_S])
  return { count: row?.placed ?? 0, addresses: row?.addresses ?? [] }
}

type EventRow = {
  readonly merchant: string
  readonly id: EventId
  readonly e_service: string
  readonly subject: string
  readonly sequence: number
  readonly type: string
  readonly at: Instant
  readonly body: string
}

const COLUMNS = 'e.merchant, e.id, e.e_service, e.subject, e.sequence, e.type, e.at, e.body'

const FEED = statement<EventRow & { readonly position: number }>(
  'notices.feed',
  `select ${COLUMNS}, f.position from notices.feed f join notices.event e on e.id = f.event and e.merchant = f.merchant
   where f.e_service = $1 and f.position > $2 order by f.position limit $3`,
)

export type FedEvent = { readonly position: number; readonly event: StoredEvent }

export const eventsAfter = async (
  db: Queryable,
  eService: string,
  position: number,
  limit: number,
): Promise<readonly FedEvent[]> =>
  (await db.query(FEED, [eService, position, limit])).map((row) => ({ position: row.position, event: eventOf(row) }))

const OF_SUBJECT = statement<EventRow>(
  'notices.of_subject',
  `select ${COLUMNS} from notices.event e where e.e_service = $1 and e.subject = $2 order by e.sequence`,
)

export const eventsOfSubject = async (
  db: Queryable,
  eService: string,
  subject: string,
): Promise<readonly StoredEvent[]> => (await db.query(OF_SUBJECT, [eService, subject])).map(eventOf)

const eventOf = (row: EventRow): StoredEvent => {
  const { merchant, id, e_service: eService, subject, sequence, type, at, body } = row
  const { data }: { readonly data: unknown } = JSON.parse(body)
  return { merchant, id, eService, subject, sequence, type, at, data, body }
}
