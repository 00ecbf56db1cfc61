import type { PaymentId } from '../kernel/ids.ts'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import type { Tx } from '../platform/db/db.ts'
import type { JobHandler } from '../platform/jobs/jobs.ts'
import { enquire } from './enquire.ts'
import type { AttemptState, OutcomeFact, PaymentState, RefundState } from './facts.ts'
import type { Hub } from './hub.ts'
import { hear, stateOf } from './payment.ts'
import { fromJobKey, jobKey, record } from './record.ts'
import { isRefundId, isSettled } from './refund-decisions.ts'
import { EVENTS_PASSED, REFUND } from './refunding.ts'
import {
  type Loaded,
  loadPayment,
  lockPayment,
  newestChange,
  nextNumber,
  pageOfStandings,
  passSequences,
  takeNumbers,
} from './store/index.ts'

/**
 * After the database was restored to a former moment: what the hub did since is forgotten, and the world is not. So nothing that was told
 * to a bank or an e-service since may be told again with another meaning, nothing that may have acted is sent again blindly, and the PSPs
 * are asked what became of what they were given. What cannot be asked is named, for a person.
 */
export type Restored = {
  /** Attempt numbers from the first to before the second were perhaps given to banks, and are never given again. */
  readonly numbers: { readonly from: number; readonly to: number }
  readonly payments: number
  /** Attempts whose PSP is asked. */
  readonly asked: number
  /** May have been paid, and their bank cannot be asked. */
  readonly unaskable: readonly AttemptInDoubt[]
  readonly refunds: readonly RefundInDoubt[]
}
export type AttemptInDoubt = {
  readonly merchant: string
  readonly payment: PaymentId
  readonly reference: string
  readonly agreement: string
  readonly number: string
  readonly amountMinor: number
  readonly currency: string
}
export type RefundInDoubt = {
  readonly merchant: string
  readonly payment: PaymentId
  readonly reference: string
  readonly refund: string
  readonly amountMinor: number
  readonly currency: string
  /** Who finds out: the hub by asking, or a person, who perhaps made it since. */
  readonly by: 'hub' | 'person'
}

export type RestoredTo = {
  readonly to: Instant
  /** Payments that changed since then are looked at, and whatever is not final. */
  readonly since: Instant
  /** Only looks. */
  readonly dry: boolean
}

/** More than any hub begins in a second (payments.md, 6: 500/s aimed at). */
const NUMBERS_A_SECOND = 1_000
/** However short the time: numbers are plenty. */
const LEAST_PASSED = 1_000_000
/** At most ten digits: what fits the banks' fields. */
const GREATEST_NUMBER = 9_999_999_999
/** Places in the feed for each attempt number: an attempt makes a few events. */
const PLACES_A_NUMBER = 10
const PAGE = 2_000

/** To be run before any process of the hub starts; again it does no harm. Throws a sentence where fewer numbers are left than are passed by. */
export const restored = async (hub: Hub, { to, since, dry }: RestoredTo): Promise<Restored> => {
  const passed = Math.max(LEAST_PASSED, Math.ceil((hub.clock.now() - to) / SECOND_MS) * NUMBERS_A_SECOND)
  const from = await nextNumber(hub.db)
  if (from + passed > GREATEST_NUMBER) throw new Error(`only ${GREATEST_NUMBER - from} attempt numbers are left`)
  if (!dry) {
    await takeNumbers(hub.db, passed)
    await hub.notices.pass(passed * PLACES_A_NUMBER)
  }
  const found: Found[] = []
  for (let page = await pageOfStandings(hub.db, since, undefined, PAGE); page.length > 0; ) {
    for (const { merchant, id, isSettled } of page) {
      if (!isSettled) found.push(await lookAt(hub, merchant, id, { to, since, dry }))
    }
    const settled = page.filter(({ isSettled }) => isSettled)
    // Of a bill that was paid long ago money may have gone back since, and its e-service been told.
    if (!dry && settled.length > 0) await passSequences(hub.db, settled, EVENTS_PASSED)
    page = await pageOfStandings(hub.db, since, page.at(-1), PAGE)
  }
  return {
    numbers: { from, to: from + passed },
    payments: found.length,
    asked: found.reduce((sum, { asked }) => sum + asked, 0),
    unaskable: found.flatMap(({ unaskable }) => unaskable),
    refunds: found.flatMap(({ refunds }) => refunds),
  }
}

/** The latest change of any payment: later than the moment of restoring, nothing was restored. */
export const latestChange = async (hub: Hub): Promise<Instant | undefined> => {
  let latest: Instant | undefined
  for (let page = await newestChange(hub.db, undefined, PAGE); page; page = await newestChange(hub.db, page, PAGE)) {
    latest = Math.max(latest ?? page.newest, page.newest)
  }
  return latest
}

type Found = Pick<Restored, 'asked' | 'unaskable' | 'refunds'>

const lookAt = async (hub: Hub, merchant: string, payment: PaymentId, { to, dry }: RestoredTo): Promise<Found> => {
  const loaded = dry
    ? await loadPayment(hub.db, merchant, payment)
    : await hub.db.tx((tx) => rearm(hub, tx, merchant, payment, to))
  if (!loaded) return { asked: 0, unaskable: [], refunds: [] }
  const { row } = loaded
  const state = stateOf(loaded.facts)
  const { currency, amountMinor } = state.order.amount
  const about = { merchant, payment, reference: row.reference, currency }
  return {
    asked: state.attempts.filter((attempt) => canAsk(hub, attempt)).length,
    unaskable: state.attempts
      .filter((attempt) => attempt.mayStillBePaid && !canAsk(hub, attempt))
      .map(({ agreement, number }) => ({ ...about, agreement, number, amountMinor })),
    refunds: inDoubt(state).map((refund) => ({
      ...about,
      refund: refund.id,
      amountMinor: refund.amountMinor,
      by: refund.handed ? 'person' : 'hub',
    })),
  }
}

const canAsk = (hub: Hub, { channel }: AttemptState): boolean =>
  hub.channels.some((listed) => listed.channel.id === channel && listed.channel.enquire !== undefined)

const inDoubt = ({ refunds }: PaymentState): readonly RefundState[] =>
  refunds.filter((refund) => refund.origin === 'e-service' && !isSettled(refund))

/** Under the lock: numbers of events are passed by, refunds that may have been sent are no more as if they were not, and the PSPs are asked. */
const rearm = async (
  hub: Hub,
  tx: Tx,
  merchant: string,
  payment: PaymentId,
  to: Instant,
): Promise<Loaded | undefined> => {
  await passSequences(tx, [{ merchant, id: payment }], EVENTS_PASSED)
  const loaded = await lockPayment(tx, merchant, payment)
  if (!loaded) return undefined
  const now = hub.clock.now()
  const state = stateOf(loaded.facts)
  const pending = inDoubt(state).filter((refund) => !refund.handed)
  await record(
    hub,
    tx,
    loaded,
    hear(
      loaded.facts,
      pending.flatMap((refund) => mayHaveActed(refund, to, now)),
      now,
    ),
    now,
  )
  await hub.jobs.set(tx, [
    ...pending.map(({ id }) => ({ kind: REFUND, key: jobKey(merchant, `${payment}/${id}`), runAt: now })),
    ...state.attempts
      .filter((attempt) => canAsk(hub, attempt))
      .map((attempt) => ({
        kind: ASK_AGAIN,
        key: jobKey(merchant, `${payment}/${attempt.id}`),
        // What is open first: somebody waits for it.
        runAt: attempt.mayStillBePaid ? now : now + SECOND_MS,
        payload: now,
      })),
  ])
  return loaded
}

/** It was perhaps called after the moment; then the same holds as for any call whose answer was lost. */
const mayHaveActed = ({ id, attempt, status }: RefundState, to: Instant, now: Instant): readonly OutcomeFact[] =>
  status === 'requested' && isRefundId(id)
    ? [
        {
          fact: 'outcome',
          key: `out:restored:${to}:${id}`,
          at: now,
          attempt,
          of: 'refund',
          refund: id,
          result: 'unknown',
        },
      ]
    : []

// ---------------------------------------------------------------------------------------------------------------------- asking again

const ASK_AGAIN = 'payments.ask-again'
/** A PSP that is away that day is asked again, ever more rarely; then what is still open ends by its own deadlines. */
const TRIED_FOR_MS = DAY_MS

/** Asks once about an attempt in whatever state: what was paid, refused or given back since is found. */
export const askAgainJob = (hub: Hub): JobHandler => ({
  kind: ASK_AGAIN,
  atOnce: 8,
  leaseMs: 2 * MINUTE_MS,
  run: async ({ key, payload }, now) => {
    const [merchant, rest] = fromJobKey(key)
    const [payment, attempt] = fromJobKey(rest)
    const answer = await enquire(hub, merchant, payment, attempt)
    const waitedMs = now - (typeof payload === 'number' ? payload : now)
    if (answer !== 'no_answer' || waitedMs > TRIED_FOR_MS) return undefined
    return now + Math.min(Math.max(waitedMs, MINUTE_MS), HOUR_MS)
  },
})
