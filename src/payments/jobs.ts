import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { JobHandler } from '../platform/jobs/jobs.ts'
import { enquire, followHint } from './enquire.ts'
import type { AttemptState } from './facts.ts'
import { flaggedJob, lookAtFlagged } from './flagged.ts'
import type { Hub } from './hub.ts'
import { tryParked } from './parked.ts'
import { attemptDeadline, type Command, decide, nextDeadline, stateOf } from './payment.ts'
import { receiptMailJob } from './receipts/mail.ts'
import { DEADLINE, fromJobKey, HINT, jobKey, PARKED, record, TWINS } from './record.ts'
import { refundJob } from './refunding.ts'
import { askAgainJob } from './restored.ts'
import { forgetAnswers, loadPayment, lockPayment, othersOfReference, spendSigningKeys } from './store/index.ts'
import type { Tokens } from './tokens.ts'

const FORGET = 'payments.forget-answers'
/** Idempotency keys are promised for at least 30 days. */
const ANSWERS_KEPT_MS = 31 * DAY_MS

/** The time edge: all that the hub does for payments without being asked. */
export const paymentJobs = (hub: Hub, tokens: Tokens): readonly JobHandler[] => [
  {
    kind: DEADLINE,
    atOnce: 32,
    leaseMs: 2 * MINUTE_MS,
    run: async ({ key }, now) => actOn(hub, ...fromJobKey(key), now),
  },
  {
    kind: HINT,
    atOnce: 8,
    leaseMs: 2 * MINUTE_MS,
    run: async ({ key }, now) => {
      const [merchant, rest] = fromJobKey(key)
      return followHint(hub, merchant, ...fromJobKey(rest), now)
    },
  },
  {
    kind: PARKED,
    atOnce: 4,
    leaseMs: MINUTE_MS,
    run: async ({ key }) => tryParked(hub, ...fromJobKey(key)),
  },
  {
    kind: TWINS,
    atOnce: 4,
    leaseMs: MINUTE_MS,
    run: async ({ key }, now) => nameTwins(hub, ...fromJobKey(key), now),
  },
  refundJob(hub),
  askAgainJob(hub),
  receiptMailJob(hub, tokens),
  flaggedJob(hub),
  {
    kind: FORGET,
    housekeeping: true,
    atOnce: 1,
    leaseMs: MINUTE_MS,
    run: async (_, now) => {
      await spendSigningKeys(hub.db, now)
      return (await forgetAnswers(hub.db, now - ANSWERS_KEPT_MS)) === 1000 ? now : now + HOUR_MS
    },
  },
]

/** What is to be done after a start; some of it goes on for ever. */
export const setChores = async (hub: Hub): Promise<void> => {
  const runAt = hub.clock.now()
  await hub.jobs.set(hub.db, [{ kind: FORGET, key: 'all', runAt }, lookAtFlagged(runAt)])
}

/** Does what is due for one payment: asks PSPs, ends plans, closes at the deadline. Returns when to look again. */
const actOn = async (hub: Hub, merchant: string, payment: string, now: Instant): Promise<Instant | undefined> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  if (!loaded) return undefined
  const state = stateOf(loaded.facts)
  if (!state.final && !state.closing && now >= state.order.expiresAt) {
    await rule(hub, merchant, payment, { do: 'close', as: 'expired', by: 'deadline' })
  }
  for (const attempt of state.attempts) {
    const due = attemptDeadline(attempt, state.closingAskedAt)
    if (due?.what === 'end' && due.at <= now) await endPlan(hub, merchant, payment, attempt)
    else if (due?.what === 'ask' && due.at <= now) await askAbout(hub, merchant, payment, attempt, now)
  }
  const after = await loadPayment(hub.db, merchant, payment)
  return after && nextDeadline(stateOf(after.facts))
}

const askAbout = async (hub: Hub, merchant: string, payment: string, attempt: AttemptState, now: Instant) => {
  const answer = await enquire(hub, merchant, payment, attempt.id)
  if (now < attempt.plan.endsAt) return
  // Past its last moment an answer that is not "paid" is the answer "not paid"; without one it is asked again.
  if (answer === 'answered')
    await rule(hub, merchant, payment, { do: 'end_plan', attempt: attempt.id, finding: 'not_paid' })
}

const endPlan = async (hub: Hub, merchant: string, payment: string, attempt: AttemptState) => {
  const finding = attempt.plan.canAsk ? 'no_answer' : 'cannot_ask'
  await rule(hub, merchant, payment, { do: 'end_plan', attempt: attempt.id, finding })
}

/** A decision that a job takes. A refusal means that the facts have moved on: nothing is left to do. */
const rule = async (hub: Hub, merchant: string, payment: string, command: Command): Promise<void> =>
  hub.db.tx(async (tx) => {
    const loaded = await lockPayment(tx, merchant, payment)
    if (!loaded) return
    const now = hub.clock.now()
    const decided = decide(loaded.facts, command, now)
    if (decided.ok) await record(hub, tx, loaded, decided.value, now)
  })

/** Tells every two executed payments of one reference of each other. */
const nameTwins = async (hub: Hub, merchant: string, payment: string, now: Instant): Promise<undefined> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  if (!loaded || stateOf(loaded.facts).status !== 'executed') return undefined
  for (const other of await othersOfReference(hub.db, loaded.row)) {
    const twin = await loadPayment(hub.db, merchant, other)
    if (!twin || stateOf(twin.facts).status !== 'executed') continue
    await rule(hub, merchant, payment, { do: 'name_twin', other })
    await rule(hub, merchant, other, { do: 'name_twin', other: loaded.row.id })
  }
  hub.warn('one reference was paid twice', { payment, job: jobKey(merchant, payment), at: now })
  return undefined
}
