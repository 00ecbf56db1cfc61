import type { Instant } from '../kernel/time.ts'
import type { Db } from '../platform/db/db.ts'
import type { FeedPage } from './events.ts'
import { anyUnplaced, eventsAfter, type Placed, place } from './store/events.ts'

/**
 * The feed of one e-service. Positions are given after commit, by one at a time, so that a cursor never passes by an event that
 * commits later; the money's transaction touches no counter.
 */

const MOST_ON_A_PAGE = 200
/** Events placed in one transaction: about 20 ms of work. */
const PLACED_AT_ONCE = 500

const NOTHING: Placed = { count: 0, addresses: [] }

/** Places what has been committed, one batch. */
export const placeSome = async (db: Db, now: Instant): Promise<Placed> =>
  (await anyUnplaced(db)) ? db.tx((tx) => place(tx, now, PLACED_AT_ONCE)) : NOTHING

/** Places everything that has been committed by now. Returns addresses at which something became due, each once. */
export const placeAll = async (db: Db, now: Instant): Promise<Placed> => {
  const addresses = new Set<string>()
  for (let count = 0; ; ) {
    const placed = await placeSome(db, now)
    for (const address of placed.addresses) addresses.add(address)
    count += placed.count
    if (placed.count === 0) return { count, addresses: [...addresses] }
  }
}

/** `limit` is taken as 1–200. */
export const readFeed = async (
  db: Db,
  eService: string,
  after: string | undefined,
  limit: number,
): Promise<FeedPage | 'bad_cursor'> => {
  const position = after === undefined ? 0 : positionOf(after)
  if (position === undefined) return 'bad_cursor'
  const size = Math.min(Math.max(Math.trunc(limit), 1), MOST_ON_A_PAGE)
  const found = await eventsAfter(db, eService, position, size + 1)
  const page = found.slice(0, size)
  return {
    events: page.map(({ event }) => event),
    cursor: cursorOf(page.at(-1)?.position ?? position),
    more: found.length > size,
  }
}

/** Opaque to e-services, who are not to count with it. */
export const cursorOf = (position: number): string => Buffer.from(`p${position}`).toString('base64url')

/** Undefined when the text is no cursor of ours. */
export const positionOf = (cursor: string): number | undefined => {
  const position = Number(/^p(0|[1-9]\d{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1])
  return Number.isSafeInteger(position) && cursorOf(position) === cursor ? position : undefined
}
