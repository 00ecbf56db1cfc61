import type { Instant } from '../../src/kernel/time.ts'
import type { Address, Kind } from './addresses.ts'
import { eventKey, type Ledger, RETRY_AFTER_MS, type Replay } from './ledger.ts'

/** What must have come of it. Pure. */

export type FeedEvent = {
  readonly eService: string
  readonly id: string
  readonly payment: string
  readonly sequence: number
  /** When it happened, as the feed tells. */
  readonly at: Instant
}

export type Evidence = {
  readonly ledger: Ledger
  readonly addresses: readonly Address[]
  /** Every event of every e-service, as its own feed tells it. */
  readonly feed: readonly FeedEvent[]
  /** E-services of which the operator has a task, since their address is gone. */
  readonly goneTold: readonly string[]
  /** E-services to which something was sent that nobody has acknowledged. */
  readonly tried: readonly string[]
}

/** To these every notice comes in the end. */
const REACHABLE: readonly Kind[] = ['healthy', 'flapping', 'busy']

/** Empty: every call that was answered is in the feed of its e-service, and every event there was heard where anybody hears. */
export const judge = (evidence: Evidence): readonly string[] => {
  const { ledger, feed } = evidence
  const known = new Map(feed.map((event) => [eventKey(event.payment, event.sequence), event]))
  const untold = [...ledger.answered].flatMap(([key, { eService }]) =>
    known.get(key)?.eService === eService ? [] : [`${key} of ${eService} was answered and is not in its feed`],
  )
  return [
    ...gapsOf(feed),
    ...untold,
    ...missing(evidence),
    ...strangersIn(ledger, feed),
    ...ledger.replays.flatMap((replay) => replayFaults(ledger, replay, feed)),
    ...goneFaults(evidence),
    ...hasteOf(ledger),
    ...unconcerned(evidence),
  ]
}

/** What must still come, for the first time or because it was asked for once more. */
export const missing = ({ ledger, addresses, feed }: Omit<Evidence, 'goneTold' | 'tried'>): readonly string[] => {
  const kindOf = new Map(addresses.map(({ eService, kind }) => [eService, kind]))
  const unheard = feed.filter(
    ({ id, eService }) => REACHABLE.includes(kindOf.get(eService) ?? 'healthy') && !ledger.heard.has(id),
  )
  const unrepeated = ledger.replays.flatMap((replay) =>
    inSpan(replay, feed).filter(({ id }) => cameSince(ledger, id, replay.at) === undefined),
  )
  return [
    ...unheard.map(
      ({ id, eService, payment, sequence }) => `${id} (${payment} ${sequence}) was never heard by ${eService}`,
    ),
    ...unrepeated.map(({ id, eService }) => `${id} was asked for once more and did not come to ${eService}`),
  ]
}

const inSpan = ({ eService, from, to }: Replay, feed: readonly FeedEvent[]): readonly FeedEvent[] =>
  feed.filter((event) => event.eService === eService && event.at >= from && event.at < to)

/** The first time that it came since then. */
const cameSince = ({ heard, repeated }: Ledger, id: string, since: number): number | undefined =>
  [heard.get(id)?.at ?? 0, ...(repeated.get(id) ?? [])].find((at) => at >= since)

/** As many as the hub said, each payment's in order. */
const replayFaults = (ledger: Ledger, replay: Replay, feed: readonly FeedEvent[]): readonly string[] => {
  const wanted = inSpan(replay, feed)
  const newest = new Map<string, number>()
  const astray = wanted
    .map((event) => ({ ...event, came: cameSince(ledger, event.id, replay.at) ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.came - b.came)
    .flatMap(({ payment, sequence }) => {
      const before = newest.get(payment) ?? 0
      newest.set(payment, sequence)
      return sequence > before ? [] : [`event ${sequence} of ${payment} came once more after ${before}`]
    })
  const { eService, events } = replay
  if (events === wanted.length) return astray
  return [...astray, `${events} events were sent once more to ${eService}, of ${wanted.length}`]
}

/** What was on its way when an address said that it is gone has come by then; a hub that is killed meanwhile has not heard it. */
const GONE_AFTER_MS = 10_000

const goneFaults = ({ ledger: { gone, strikes }, goneTold }: Evidence): readonly string[] =>
  [...gone].flatMap(([eService, came]) => {
    const surely = came.find((at) => !strikes.some(({ to, from }) => at < to && at + GONE_AFTER_MS > from))
    const after = surely === undefined ? [] : came.filter((at) => at > surely + GONE_AFTER_MS)
    return [
      ...(after.length > 0 ? [`${after.length} notices came to ${eService} long after it answered 410`] : []),
      ...(goneTold.includes(eService) ? [] : [`nobody is told that the address of ${eService} is gone`]),
    ]
  })

/** Of a clock that counts whole milliseconds. */
const CLOCK_MS = 5

const hasteOf = ({ putOff }: Ledger): readonly string[] =>
  [...putOff].flatMap(([id, { afterMs }]) =>
    afterMs !== undefined && afterMs < RETRY_AFTER_MS - CLOCK_MS
      ? [`${id} came again after ${Math.round(afterMs)} ms, though it was put off for ${RETRY_AFTER_MS}`]
      : [],
  )

/** Each payment's from 1 on, in order. */
const gapsOf = (feed: readonly FeedEvent[]): readonly string[] => {
  const newest = new Map<string, number>()
  return feed.flatMap(({ payment, sequence }) => {
    const before = newest.get(payment) ?? 0
    newest.set(payment, sequence)
    return sequence === before + 1 ? [] : [`the feed has event ${sequence} of ${payment} after ${before}`]
  })
}

/** Whoever is never sent anything costs the others nothing: who is dead must have been tried too. */
const unconcerned = ({ ledger, addresses, feed, tried }: Evidence): readonly string[] => {
  const eventful = new Set(feed.map(({ eService }) => eService))
  const sentTo = new Set([
    ...[...ledger.heard.values()].map(({ eService }) => eService),
    ...ledger.gone.keys(),
    ...tried,
  ])
  return addresses.flatMap(({ eService, kind }) => [
    ...(eventful.has(eService) ? [] : [`${eService} had no event`]),
    ...(sentTo.has(eService) ? [] : [`nothing was ever sent to ${eService}, which is ${kind}`]),
  ])
}

const strangersIn = ({ heard }: Ledger, feed: readonly FeedEvent[]): readonly string[] => {
  const owners = new Map(feed.map(({ id, eService }) => [id, eService]))
  return [...heard].flatMap(([id, { eService }]) =>
    owners.get(id) === eService ? [] : [`${eService} heard ${id}, which is not in its feed`],
  )
}
