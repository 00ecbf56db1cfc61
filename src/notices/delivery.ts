import { HOUR_MS, type Instant, SECOND_MS } from '../kernel/time.ts'
import { CommitUnknown, DatabaseAway, type Db } from '../platform/db/db.ts'
import type { HttpClient, Outcome } from '../platform/http/client.ts'
import type { Meters } from '../platform/metrics.ts'
import type { Traces } from '../platform/traces.ts'
import type { Addresses } from './addresses.ts'
import { openAllowance, type Place } from './allowance.ts'
import { openBatches } from './batches.ts'
import { GIVE_UP_AFTER_MS, judge } from './ladder.ts'
import { noticeHeaders } from './sign.ts'
import { disableGone, forgiveDisabled } from './store/addresses.ts'
import {
  type Claimed,
  claim,
  dueAddresses,
  type Finished,
  failingAmong,
  finish,
  giveUpOverdue,
} from './store/dispatches.ts'
import type { TaskKeeping } from './tasks.ts'

/** Claims what is due, sends it, writes down what came of it. */
export type Deliveries = {
  /** Claims what is due at these addresses, as far as they may have more now, and begins to send it. Returns how many. */
  begin(addresses: readonly string[]): Promise<number>
  /** Addresses to which something is due. */
  due(): Promise<readonly string[]>
  /** Sendings under way in this process. */
  underWay(): number
  /** Resolves when none is. */
  idle(): Promise<void>
  /** Gives up what is long overdue and forgets what is owed to disabled addresses: no sending does that. */
  tidy(): Promise<void>
}

export type DeliveryParts = {
  readonly db: Db
  readonly client: HttpClient
  readonly addresses: Addresses
  readonly tasks: TaskKeeping
  /** A number from 0 to 1. */
  readonly chance: () => number
  readonly now: () => Instant
  /** Told of addresses at which more can be sent at once. */
  readonly ready: (addresses: readonly string[]) => void
  /** Told of what nobody expects. */
  readonly fault: (error: unknown, what: string) => void
  readonly meters: Meters
  readonly traces: Traces
  readonly pause: (ms: number) => Promise<void>
  /** Milliseconds that only go forward. */
  readonly elapsedMs: () => number
}

const TIMEOUT_MS = 15 * SECOND_MS
/** A process that died is succeeded after this: time-out, and the write that follows it. Where that takes longer, the notice is sent once more. */
const LEASE_MS = 25 * SECOND_MS
const WRITTEN_AT_ONCE = 256
/** A longer answer is broken off. */
const ANSWER_READ_BYTES = 65_536
const ANSWER_KEPT_BYTES = 2_048
/** Its last try is at thirty days; where that was not reached, the address had more to try than it let through. */
const OVERDUE_MS = GIVE_UP_AFTER_MS + HOUR_MS

export const openDeliveries = (parts: DeliveryParts): Deliveries => {
  const { db, now, fault } = parts
  const allowance = openAllowance(parts.elapsedMs)
  const sending = new Map<string, Promise<void>>()
  /** Addresses that may have more due than was claimed. */
  const more = new Set<string>()
  const write = openBatches(WRITTEN_AT_ONCE, (batch: readonly Finished[]) => finishAll(parts, batch))

  const deliver = async (claimed: Claimed, place: Place): Promise<void> => {
    try {
      allowance.began(place)
      const finished = await send(parts, claimed)
      const acknowledged = finished.verdict === 'acknowledged'
      allowance.ended(place, acknowledged)
      // One that fails waits for the next round: it may not keep us busy.
      if (acknowledged && more.delete(claimed.address)) parts.ready([claimed.address])
      await write(finished)
      measure(parts.meters, finished)
    } catch (error) {
      fault(error, `what came of notice ${claimed.event} is not written: it is sent again after its lease`)
    }
  }

  /** Of addresses that are new here, whether they are in trouble. */
  const meet = async (addresses: readonly string[]): Promise<void> => {
    const strangers = addresses.filter((address) => !allowance.knows(address))
    if (strangers.length === 0) return
    const failing = await failingAmong(db, strangers)
    for (const address of strangers) allowance.meet(address, failing.has(address))
  }

  const take = (addresses: readonly string[]): Map<string, readonly Place[]> => {
    const places = new Map<string, readonly Place[]>()
    for (const address of new Set(addresses)) {
      const taken = allowance.take(address)
      if (taken.length > 0) places.set(address, taken)
      else more.add(address)
    }
    return places
  }

  const begin = (claimed: Claimed, place: Place): void => {
    const key = `${claimed.event} ${claimed.address}`
    // A clock that leaps ends a lease while its sending is under way, or a database that was away while that should be written.
    if (sending.has(key)) allowance.giveBack([place])
    else
      sending.set(
        key,
        deliver(claimed, place).finally(() => sending.delete(key)),
      )
  }

  return {
    begin: async (addresses) => {
      await meet(addresses)
      const places = take(addresses)
      if (places.size === 0) return 0
      let claimed: readonly Claimed[] = []
      try {
        const counts = new Map([...places].map(([address, { length }]) => [address, length]))
        claimed = await claim(db, counts, now(), now() + LEASE_MS)
      } finally {
        for (const [address, taken] of places) {
          const used = claimed.filter((one) => one.address === address)
          if (used.length === taken.length) more.add(address)
          for (const [at, place] of taken.entries()) {
            const one = used[at]
            if (one) begin(one, place)
            else allowance.giveBack([place])
          }
        }
      }
      return claimed.length
    },
    due: () => dueAddresses(db, now()),
    underWay: () => sending.size,
    idle: async () => {
      while (sending.size > 0) await Promise.all(sending.values())
    },
    tidy: async () => {
      await forgiveDisabled(db)
      await db.tx(async (tx) => parts.tasks.keep(tx, await giveUpOverdue(tx, now() - OVERDUE_MS, now())))
      await parts.tasks.tidy()
    },
  }
}

const send = async (parts: DeliveryParts, claimed: Claimed): Promise<Finished> => {
  const at = parts.now()
  const keys = parts.addresses.open(claimed, claimed.sealedKeys)
  const began = performance.now()
  const about = { 'ebizness.payment': claimed.subject, 'ebizness.event': claimed.event }
  const span = parts.traces.begin('notice.send', { kind: 'client', parent: claimed.traceparent, about })
  const { traceparent } = span
  const outcome = await parts.client.send({
    method: 'POST',
    url: claimed.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'E-BIZness CMA',
      ...noticeHeaders(claimed.event, at, claimed.body, keys),
      ...(traceparent ? { traceparent } : {}),
    },
    body: claimed.body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: ANSWER_READ_BYTES,
    longAnswer: 'cut',
  })
  const { status, retryAfter, text } = answerOf(outcome)
  const ended = parts.now()
  const verdict = judge({ status, retryAfter }, claimed, ended, parts.chance())
  span.end({ 'ebizness.outcome': verdict.verdict, ...(status ? { 'http.response.status_code': status } : {}) })
  return {
    claimed,
    at,
    status,
    answer: text,
    tookMs: Math.round(performance.now() - began),
    verdict: verdict.verdict,
    next: verdict.verdict === 'again' ? verdict.at : ended,
  }
}

type Heard = { readonly status: number | undefined; readonly retryAfter: string | undefined; readonly text: string }

/** Whether it was surely not sent makes no difference here: the receiver knows a repeated notice by its id. */
const answerOf = (outcome: Outcome): Heard => {
  if (outcome.kind !== 'answered') return { status: undefined, retryAfter: undefined, text: outcome.why }
  const { status, headers, body } = outcome.reply
  // PostgreSQL's text has no NUL.
  const text = new TextDecoder().decode(body.subarray(0, ANSWER_KEPT_BYTES)).replaceAll('\0', '')
  return { status, retryAfter: headers['retry-after'], text }
}

/** Delay is of the first acknowledgement: what was asked for again is as old as somebody wished. */
const measure = ({ count, observe }: Meters, { claimed, verdict, next }: Finished): void => {
  count('notice_sendings', { verdict })
  if (verdict === 'acknowledged' && !claimed.again) {
    observe('notice_delay_seconds', {}, (next - claimed.happenedAt) / SECOND_MS)
  }
}

/** Through an outage of the database; the batch may be written twice without harm. */
const FINISH_TRIES = 20
const FINISH_PAUSE_MS = 1_000

const finishAll = async (parts: DeliveryParts, batch: readonly Finished[]): Promise<void> => {
  const ended = (wanted: Finished['verdict']) =>
    batch.filter(({ verdict }) => verdict === wanted).map(({ claimed }) => claimed.address)
  const gone = ended('gone')
  const hopeless = [...gone, ...ended('gave_up')]
  for (let tries = 1; ; tries++) {
    try {
      const freed = await parts.db.tx(async (tx) => {
        const due = await finish(tx, batch, parts.now())
        if (gone.length > 0) {
          await disableGone(tx, gone, parts.now())
          await forgiveDisabled(tx)
        }
        await parts.tasks.keep(tx, hopeless)
        return due
      })
      return parts.ready(freed)
    } catch (error) {
      const passing = error instanceof DatabaseAway || error instanceof CommitUnknown
      if (!passing || tries === FINISH_TRIES) throw error
      await parts.pause(error instanceof CommitUnknown ? 0 : FINISH_PAUSE_MS)
    }
  }
}
