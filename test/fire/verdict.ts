import type { Address, Kind } from './addresses.ts'
import { eventKey, type Ledger } from './ledger.ts'

/** What must have come of it. Pure. */

export type FeedEvent = {
  readonly eService: string
  readonly id: string
  readonly payment: string
  readonly sequence: number
}

export type Evidence = {
  readonly ledger: Ledger
  readonly addresses: readonly Address[]
  /** Every event of every e-service, as its own feed tells it. */
  readonly feed: readonly FeedEvent[]
}

/** To these every notice comes in the end. */
export const REACHABLE: readonly Kind[] = ['healthy', 'flapping']

/** Empty: every call that was answered is in the feed of its e-service, and every event there was heard where anybody hears. */
export const judge = ({ ledger, addresses, feed }: Evidence): readonly string[] => {
  const kindOf = new Map(addresses.map(({ eService, kind }) => [eService, kind]))
  const known = new Map(feed.map((event) => [eventKey(event.payment, event.sequence), event]))
  const untold = [...ledger.answered].flatMap(([key, { eService }]) =>
    known.get(key)?.eService === eService ? [] : [`${key} of ${eService} was answered and is not in its feed`],
  )
  const unheard = feed.flatMap(({ id, eService, payment, sequence }) =>
    REACHABLE.includes(kindOf.get(eService) ?? 'healthy') && !ledger.heard.has(id)
      ? [`${id} (${payment} ${sequence}) was never heard by ${eService}`]
      : [],
  )
  return [...gapsOf(feed), ...untold, ...unheard, ...strangersIn(ledger, feed)]
}

/** Each payment's from 1 on, in order. */
const gapsOf = (feed: readonly FeedEvent[]): readonly string[] => {
  const newest = new Map<string, number>()
  return feed.flatMap(({ payment, sequence }) => {
    const before = newest.get(payment) ?? 0
    newest.set(payment, sequence)
    return sequence === before + 1 ? [] : [`the feed has event ${sequence} of ${payment} after ${before}`]
  })
}

const strangersIn = ({ heard }: Ledger, feed: readonly FeedEvent[]): readonly string[] => {
  const owners = new Map(feed.map(({ id, eService }) => [id, eService]))
  return [...heard].flatMap(([id, { eService }]) =>
    owners.get(id) === eService ? [] : [`${eService} heard ${id}, which is not in its feed`],
  )
}
