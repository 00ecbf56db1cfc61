import type { EventId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Db } from '../platform/db/db.ts'
import { eventsOfSubject } from './store/events.ts'
import { addressesInUse, feedInSpan, oweAgain, ownerOf } from './store/replays.ts'
import type { TaskKeeping } from './tasks.ts'

/** What an e-service is to be told once more: one event, all of one subject, or all that happened in a span, `from` and before `to`. */
export type ReplayWanted =
  | { readonly event: EventId }
  | { readonly eService: string; readonly subject: string }
  | { readonly eService: string; readonly from: Instant; readonly to: Instant }

export type Replayed = {
  readonly eService: string
  readonly events: number
  /** How many addresses in use hear each of them. */
  readonly addresses: number
}

/** Events read, and owed in one transaction, at once: some 50 ms of work. */
const REPLAYED_AT_ONCE = 500

/**
 * Counts, and unless `dry` owes, what is wanted: the same ids, and each subject's in order – a later one waits for the earlier one to be
 * acknowledged, as the first time. May be interrupted: what was owed by then is sent, and what is owed already is not owed twice.
 * Undefined: there is no such event.
 */
export const replay = async (
  db: Db,
  tasks: TaskKeeping,
  wanted: ReplayWanted,
  dry: boolean,
  now: () => Instant,
): Promise<(Replayed & { readonly ready: readonly string[] }) | undefined> => {
  const eService = 'event' in wanted ? (await ownerOf(db, wanted.event))?.eService : wanted.eService
  if (eService === undefined) return undefined
  const addresses = await addressesInUse(db, eService)
  const ready = new Set<string>()
  let events = 0
  for await (const page of pagesOf(db, eService, wanted)) {
    events += page.length
    if (dry || page.length === 0) continue
    const owed = await db.tx(async (tx) => {
      const addressed = await oweAgain(tx, eService, page, now())
      await tasks.keepOpen(tx, eService)
      return addressed
    })
    for (const address of owed) ready.add(address)
  }
  return { eService, events, addresses, ready: [...ready] }
}

async function* pagesOf(db: Db, eService: string, wanted: ReplayWanted): AsyncGenerator<readonly EventId[]> {
  if ('event' in wanted) yield [wanted.event]
  else if ('subject' in wanted) yield (await eventsOfSubject(db, eService, wanted.subject)).map(({ id }) => id)
  else {
    for (let after = 0; ; ) {
      const page = await feedInSpan(db, eService, after, wanted, REPLAYED_AT_ONCE)
      const last = page.at(-1)
      if (!last) return
      yield page.flatMap(({ event }) => event ?? [])
      after = last.position
    }
  }
}
