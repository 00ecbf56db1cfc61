import type { EventId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement, type Tx } from '../../platform/db/db.ts'
import { HELD_AT_MOST_S } from './events.ts'

/** Events that are to be sent once more, each subject's in its order. */

export type Owner = { readonly merchant: string; readonly eService: string; readonly subject: string }

const OWNER = statement<Owner>(
  'notices.owner_of_event',
  'select merchant, e_service as "eService", subject from notices.event where id = $1',
)
export const ownerOf = async (db: Queryable, event: string): Promise<Owner | undefined> =>
  (await db.query(OWNER, [event]))[0]

const IN_USE = statement<{ readonly count: number }>(
  'notices.addresses_in_use',
  'select count(*)::int as count from notices.address where e_service = $1 and disabled_at is null',
)
export const addressesInUse = async (db: Queryable, eService: string): Promise<number> =>
  (await db.query(IN_USE, [eService]))[0]?.count ?? 0

const SPAN = statement<{ readonly position: number; readonly event: EventId | null }>(
  'notices.replay_span',
  `select f.position, case when e.at >= $3 and e.at < $4 then e.id end as event
   from notices.feed f join notices.event e on e.id = f.event and e.merchant = f.merchant
   where f.e_service = $1 and f.position > $2 order by f.position limit $5`,
)

/** A page of the feed, in which each subject's events are in order; `event` only where it happened in the span. */
export const feedInSpan = (
  db: Queryable,
  eService: string,
  after: number,
  span: { readonly from: Instant; readonly to: Instant },
  limit: number,
): Promise<readonly { readonly position: number; readonly event: EventId | null }[]> =>
  db.query(SPAN, [eService, after, at(span.from), at(span.to), limit])

/**
 * As when they were first placed: the first of a subject is due, the next waits for it. Rows that are owed already keep their place;
 * those before ours are locked in the order that all agree on, so that whoever finishes one either is seen by us or sees ours.
 */
const OWE = statement<{ readonly address: string }>(
  'notices.replay_owe',
  `with wanted as (
     select e.* from unnest($2::text[]) as w (id) join notices.event e on e.id = w.id where e.e_service = $1),
   settled as (
     delete from notices.gave_up g using wanted w where g.event = w.id and g.merchant = w.merchant),
   owed as (
     select w.*, a.id as address, row_number() over (partition by a.id, w.subject order by w.sequence) = 1 as is_first
     from wanted w join notices.address a
       on a.e_service = w.e_service and a.merchant = w.merchant and a.disabled_at is null),
   others as (
     select d.address, d.subject, d.sequence, d.since
     from (select distinct address, subject from owed) lane
     join notices.dispatch d on d.address = lane.address and d.subject = lane.subject and not d.again
     order by d.subject, d.sequence, d.address for update of d)
   insert into notices.dispatch as d (merchant, address, event, e_service, subject, sequence, since, due_at)
   select merchant, address, id, e_service, subject, sequence, $3::timestamptz,
     greatest($3::timestamptz, make_interval(secs => $4) + case when is_first
       then (select max(e.since) from others e
             where e.address = o.address and e.subject = o.subject and e.sequence < o.sequence)
       else $3::timestamptz end)
   from owed o order by subject, sequence
   on conflict (event, address, merchant) do update
     set due_at = case when d.claims = 0 then d.due_at else least(d.due_at, excluded.due_at) end
   returning address`,
)

/** Owes these events of an e-service once more to each of its addresses in use. Returns the addresses, one for each sending. */
export const oweAgain = async (
  tx: Tx,
  eService: string,
  events: readonly EventId[],
  now: Instant,
): Promise<readonly string[]> =>
  (await tx.query(OWE, [eService, events, at(now), HELD_AT_MOST_S])).map(({ address }) => address)
