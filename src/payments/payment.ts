import type { Payee } from '../channels/channel.ts'
import type { AttemptId, PaymentId } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { DAY_MS, HOUR_MS, type Instant } from '../kernel/time.ts'
import { attemptOf, evidenceOf, only } from './attempt.ts'
import { attentionOf } from './attention.ts'
import type {
  AttemptState,
  ClosingAskedFact,
  ClosingKind,
  Decision,
  Fact,
  Flag,
  Heard,
  PaymentState,
  PaymentStatus,
  Plan,
  PlanEndedFact,
  RuledFact,
} from './facts.ts'
import { FINAL_STATUSES } from './facts.ts'
import { decideRefund, type RefundCommand, type RefundRefusal, refusedRuling } from './refund-decisions.ts'
import { refundsOf, tooMuchBackOf } from './refunds.ts'

/**
 * The heart. State is what the facts say: a pure function of their set. Order of hearing and the clock are no arguments; time acts
 * only through decisions that a job records. Throws only when the set has no `ordered` fact, which no store can return.
 */
export const stateOf = (all: Iterable<Fact>): PaymentState => {
  const facts = [...new Map([...all].map((fact) => [fact.key, fact])).values()]
  const order = only(facts, 'ordered')[0]
  if (!order) throw new Error('a payment without its order')
  const rulings = only(facts, 'ruled')
  /** Who rules "not paid" has seen the words to the contrary that the ruling names: they contradict nobody any more. */
  const settles = ({ flag: ruled, as }: RuledFact, flag: Flag) =>
    ruled === flag || (as === 'not_paid' && flag === 'contradiction')
  const settled = (flag: Flag, fact: string) =>
    rulings.some((ruling) => settles(ruling, flag) && ruling.facts.includes(fact))
  const evidence = only(facts, 'begun')
    .sort((a, b) => a.at - b.at || (a.attempt < b.attempt ? -1 : 1))
    .map((begun) => evidenceOf(order, begun, facts))
  const attempts = evidence.map((one) => attemptOf(one, settled))
  const status = statusOf(facts, attempts)
  const final = FINAL_STATUSES.includes(status)
  const closing = only(facts, 'closing_asked')[0]
  const current = attempts.findLast((attempt) => !attempt.left && attempt.mayStillBePaid)
  const refunds = refundsOf(facts)
  const tooMuchBack = tooMuchBackOf(facts, attempts, refunds)
  return {
    id: order.payment,
    order,
    status,
    final,
    ...(closing && !final ? { closing: closing.as, closingAskedAt: closing.at } : {}),
    attention: attentionOf(facts, evidence, attempts, refunds, settled),
    attempts,
    ...(current ? { current } : {}),
    refunds,
    ...(tooMuchBack.length > 0 ? { tooMuchBack } : {}),
    paidMinor: attempts.filter(executed).length * order.amount.amountMinor,
    refundedMinor: refunds.filter((refund) => refund.status === 'done').reduce((sum, one) => sum + one.amountMinor, 0),
    reversedMinor: attempts.reduce((sum, attempt) => sum + attempt.reversedMinor, 0),
  }
}

const executed = (attempt: AttemptState): boolean => attempt.status === 'executed'

/** The first row that holds. */
const statusOf = (facts: readonly Fact[], attempts: readonly AttemptState[]): PaymentStatus => {
  if (attempts.some(executed)) return 'executed'
  const closed = only(facts, 'closed')[0]
  if (closed) return closed.as
  const one = only(facts, 'ordered')[0]?.attempts === 'one'
  if (one && attempts[0]?.status === 'refused') return 'refused'
  if (attempts.some((attempt) => attempt.status === 'accepted')) return 'accepted'
  return attempts.some((attempt) => attempt.status === 'started' || attempt.status === 'unknown') ? 'started' : 'open'
}

// ---------------------------------------------------------------------------------------------------------------------- decisions

export type Command =
  | {
      readonly do: 'begin'
      readonly attempt: AttemptId
      readonly number: string
      readonly offer: string
      readonly agreement: string
      readonly channel: string
      readonly payee: Payee
      readonly plan: Plan
      readonly echo?: Readonly<Record<string, string>>
      /** The payer's plain "I have not paid" at the bank that was chosen before. */
      readonly notPaid: boolean
    }
  | {
      readonly do: 'begin_again'
      readonly attempt: AttemptId
      readonly plan: Plan
      readonly echo?: Readonly<Record<string, string>>
    }
  | { readonly do: 'close'; readonly as: ClosingKind; readonly by: ClosingAskedFact['by'] }
  | { readonly do: 'end_plan'; readonly attempt: AttemptId; readonly finding: PlanEndedFact['finding'] }
  | RefundCommand
  | { readonly do: 'name_twin'; readonly other: PaymentId }
  | ({ readonly do: 'rule' } & Omit<RuledFact, 'fact' | 'at' | 'key'> & { readonly ruling: string })

export type Refusal =
  | 'final'
  | 'closing'
  | 'expired'
  | 'one_attempt'
  | 'too_many_attempts'
  /** The offer's attempt goes on, and its step was shown as often as it may be. */
  | 'shown_too_often'
  | 'attempt_accepted'
  /** The offer's attempt goes on: show its step again (`begin_again`). */
  | 'already_begun'
  /** Another bank may still take the money: ask it, else ask the payer. */
  | 'may_still_be_paid'
  | 'nothing_refused'
  | 'unknown_attempt'
  | 'attempt_over'
  | 'not_due'
  | 'already_known'
  | RefundRefusal
  /** A stuck attempt ends only when a person says what became of it. */
  | 'needs_ruling'

export type Decided = { readonly facts: readonly Fact[]; readonly state: PaymentState }

/** Takes a decision from the facts known now, or refuses it. What follows of itself (a close that waited) is decided with it. */
export const decide = (facts: readonly Fact[], command: Command, now: Instant): Result<Decided, Refusal> => {
  const decided = ruleOn(stateOf(facts), command, now)
  return decided.ok ? ok(withFollowing(facts, unknownOf(facts, decided.value), now)) : decided
}

/** A fact that is in the set already is the same element, and is not written again: a job that is repeated decides it again. */
const unknownOf = <Of extends Fact>(facts: readonly Fact[], added: readonly Of[]): readonly Of[] => {
  const known = new Set(facts.map((fact) => fact.key))
  return added.filter((fact) => !known.has(fact.key) && known.add(fact.key))
}

/** Takes in readings and outcomes. Cannot refuse: what was heard already is dropped as the same element of the set. */
export const hear = (facts: readonly Fact[], heard: readonly Heard[], now: Instant): Decided =>
  withFollowing(facts, unknownOf(facts, heard), now)

const withFollowing = (before: readonly Fact[], added: readonly Fact[], now: Instant): Decided => {
  const state = stateOf([...before, ...added])
  const as = closesAs(before, added, state)
  const closed = as ? unknownOf(before, [{ fact: 'closed', key: 'closed', at: now, as }]) : []
  if (closed.length === 0) return { facts: added, state }
  const all = [...added, ...closed]
  return { facts: all, state: stateOf([...before, ...all]) }
}

/**
 * A close that was asked for is recorded, as it was asked for, as soon as no attempt may still be paid; so is the end of an order's only
 * attempt. Where that one is refused the payment needs no close to be over, but its e-service is told that it is: money that comes then is
 * late, and a close that was asked for before changes nothing of what was told.
 */
const closesAs = (before: readonly Fact[], added: readonly Fact[], state: PaymentState): ClosingKind | undefined => {
  const { attempts, order, status } = state
  if (status === 'executed' || attempts.some((attempt) => attempt.mayStillBePaid)) return undefined
  const all = [...before, ...added]
  const asked = only(all, 'closing_asked')[0]
  if (asked) return status === 'refused' && stateOf(before).status === 'refused' ? 'refused' : asked.as
  const [attempt] = attempts
  if (order.attempts !== 'one' || !attempt) return undefined
  if (attempt.status !== 'refused') return 'expired'
  return mayYetBegin(all, attempt) ? undefined : 'refused'
}

/** Of a double click one call may find no bank, and the other, which is under way, be taken: its payer is led there. */
const mayYetBegin = (facts: readonly Fact[], attempt: AttemptState): boolean =>
  attempt.reason === 'not_begun' && hasUnansweredBegin(facts, attempt)

const hasUnansweredBegin = (facts: readonly Fact[], { id, begunTimes }: AttemptState): boolean =>
  only(facts, 'outcome').filter(({ attempt, of }) => attempt === id && of === 'begin').length < begunTimes

/**
 * Whether a call of ours that begins the attempt may be on its way to the PSP. One whose process died in it has no outcome, ever: after
 * `longestMs` from its beginning it is over all the same.
 */
export const mayBeBeginning = (facts: readonly Fact[], id: AttemptId, now: Instant, longestMs: number): boolean => {
  const attempt = stateOf(facts).attempts.find((one) => one.id === id)
  if (!attempt || !hasUnansweredBegin(facts, attempt)) return false
  const begun = facts.filter((fact) => (fact.fact === 'begun' || fact.fact === 'begun_again') && fact.attempt === id)
  return begun.some(({ at }) => now < at + longestMs)
}

const ruleOn = (state: PaymentState, command: Command, now: Instant): Result<readonly Decision[], Refusal> => {
  switch (command.do) {
    case 'begin':
      return begin(state, command, now)
    case 'begin_again':
      return beginAgain(state, command, now)
    case 'close':
      return close(state, command, now)
    case 'end_plan': {
      const attempt = state.attempts.find((one) => one.id === command.attempt)
      if (!attempt) return fail('unknown_attempt')
      if (attempt.planEnded) return fail('already_known')
      if (now < attempt.plan.endsAt || (command.finding === 'cannot_ask') === attempt.plan.canAsk)
        return fail('not_due')
      return ok([
        { fact: 'plan_ended', key: `ended:${attempt.id}`, at: now, attempt: attempt.id, finding: command.finding },
      ])
    }
    case 'refund':
    case 'hand_refund':
    case 'withhold_refund':
      return decideRefund(state, command, now)
    case 'name_twin':
      return ok([{ fact: 'twin', key: `twin:${command.other}`, at: now, other: command.other }])
    case 'rule': {
      const { do: _, ruling, ...rest } = command
      if (rest.as === 'settled' && rest.flag === 'stuck') return fail('needs_ruling')
      const refused = rest.refund === undefined ? undefined : refusedRuling(state, rest)
      if (refused) return fail(refused)
      if (rest.attempt && !state.attempts.some((one) => one.id === rest.attempt)) return fail('unknown_attempt')
      return ok([{ ...rest, fact: 'ruled', key: `ruled:${ruling}`, at: now }])
    }
  }
}

const mayNotBegin = (state: PaymentState, now: Instant): Refusal | undefined => {
  if (state.final) return 'final'
  if (state.closing) return 'closing'
  return now >= state.order.expiresAt ? 'expired' : undefined
}

/** More tries than any payer needs; keeps a payment and its notice small (< 20 kB). */
const MAX_ATTEMPTS = 20
export const isTriedOut = ({ attempts }: Pick<PaymentState, 'attempts'>): boolean => attempts.length >= MAX_ATTEMPTS
/** Showing one attempt's step again is a fact too. */
const MAX_BEGUN_TIMES = 50
export const isShownOut = ({ begunTimes }: AttemptState): boolean => begunTimes >= MAX_BEGUN_TIMES

const goesOn = ({ current }: PaymentState, id: AttemptId): boolean =>
  current?.id === id && !current.planEnded && ['started', 'unknown'].includes(current.status)

/** Whether a payer may be led by the attempt's step: a cancel, or another tab, may have come since it began. */
export const mayBeLed = (state: PaymentState, id: AttemptId, now: Instant): boolean =>
  mayNotBegin(state, now) === undefined && goesOn(state, id)

const begin = (
  state: PaymentState,
  command: Extract<Command, { do: 'begin' }>,
  now: Instant,
): Result<readonly Decision[], Refusal> => {
  const refusal = mayNotBegin(state, now)
  if (refusal) return fail(refusal)
  if (state.attempts.some((attempt) => attempt.status === 'accepted')) return fail('attempt_accepted')
  const { current } = state
  if (current?.offer === command.offer) return fail('already_begun')
  if (state.order.attempts === 'one' && state.attempts.length > 0) return fail('one_attempt')
  if (current && !command.notPaid) return fail('may_still_be_paid')
  if (isTriedOut(state)) return fail('too_many_attempts')
  const { do: _, notPaid: __, ...begun } = command
  return ok([
    ...(current ? [{ fact: 'left', key: `left:${current.id}`, at: now, attempt: current.id } as const] : []),
    { ...begun, fact: 'begun', key: `begun:${command.attempt}`, at: now },
  ])
}

const beginAgain = (
  state: PaymentState,
  { attempt: id, plan, echo }: Extract<Command, { do: 'begin_again' }>,
  now: Instant,
): Result<readonly Decision[], Refusal> => {
  const refusal = mayNotBegin(state, now)
  if (refusal) return fail(refusal)
  const attempt = state.attempts.find((one) => one.id === id)
  if (!attempt) return fail('unknown_attempt')
  if (state.attempts.some((one) => one.status === 'accepted')) return fail('attempt_accepted')
  if (!goesOn(state, id)) return fail('attempt_over')
  if (isShownOut(attempt)) return fail('shown_too_often')
  const key = `again:${id}:${attempt.begunTimes}`
  return ok([{ fact: 'begun_again', key, at: now, attempt: id, plan, ...(echo ? { echo } : {}) }])
}

const close = (
  state: PaymentState,
  { as, by }: Extract<Command, { do: 'close' }>,
  now: Instant,
): Result<readonly Decision[], Refusal> => {
  if (state.final) return fail('final')
  if (as === 'expired' && now < state.order.expiresAt) return fail('not_due')
  if (as === 'refused') {
    if (state.attempts.some((attempt) => attempt.mayStillBePaid)) return fail('may_still_be_paid')
    if (!state.attempts.some((attempt) => attempt.status === 'refused')) return fail('nothing_refused')
  }
  return ok(state.closing ? [] : [{ fact: 'closing_asked', key: 'closing_asked', at: now, as, by }])
}

// ---------------------------------------------------------------------------------------------------------------------- deadlines

/**
 * How long after an attempt began a PSP that does not answer is asked, before a person is: money that has moved since is known, or is
 * somebody's, within a day, with an hour for a hub that is away itself. A PSP whose last moment is later is asked an hour past it.
 */
const NO_ANSWER_AFTER_MS = 23 * HOUR_MS
const NO_ANSWER_PAST_PLAN_MS = HOUR_MS
/** Past its last moment a PSP that does not answer is asked ever more rarely, by this part of its silence: a day of it is about a hundred questions. */
const PART_OF_SILENCE = 1 / 20

const givenUpAt = ({ begunAt, plan }: AttemptState): Instant =>
  Math.max(begunAt + NO_ANSWER_AFTER_MS, plan.endsAt + NO_ANSWER_PAST_PLAN_MS)

/** What the server does for one attempt next, and when. Undefined: nothing is left to find out by itself. */
export const attemptDeadline = (
  attempt: AttemptState,
  closingAskedAt: Instant | undefined,
): { readonly at: Instant; readonly what: 'ask' | 'end' } | undefined => {
  if (attempt.status === 'refused' || attempt.status === 'lapsed') return lastLook(attempt)
  if (attempt.planEnded || !['started', 'accepted', 'unknown'].includes(attempt.status)) return undefined
  const { plan, asked, returnedAt } = attempt
  const { lastAt } = asked
  if (!plan.canAsk) return { at: plan.endsAt, what: 'end' }
  const overAt = givenUpAt(attempt)
  if (lastAt !== undefined && lastAt >= overAt) return { at: lastAt, what: 'end' }
  const planned = plan.askedMs[Math.min(asked.times, plan.askedMs.length) - 1] ?? DAY_MS
  const silentMs = lastAt === undefined ? 0 : lastAt - plan.endsAt
  const step = Math.max(planned, Math.min(Math.round(silentMs * PART_OF_SILENCE), overAt - plan.endsAt - silentMs))
  const news = (at: Instant | undefined, afterMs: number) =>
    at !== undefined && (lastAt === undefined || at > lastAt) ? [at + afterMs] : []
  const next = Math.min(
    lastAt === undefined ? plan.askAt : lastAt + step,
    ...news(returnedAt, plan.returnedMs),
    ...news(closingAskedAt, 0),
  )
  if (lastAt === undefined || lastAt < plan.endsAt) return { at: Math.min(next, plan.endsAt), what: 'ask' }
  return next <= overAt ? { at: next, what: 'ask' } : { at: overAt, what: 'end' }
}

/**
 * What a PSP has refused, or not been paid for by its last moment, it may take the money for after all, and its message be lost: where it
 * can be asked it is, past its last moment and once more 23 hours after the attempt began, so that what moved since is known in a day. One that does not answer is asked ever more rarely: a day's refusals must not keep it, and those who wait, from what is open.
 */
const lastLook = (attempt: AttemptState): { readonly at: Instant; readonly what: 'ask' } | undefined => {
  const { plan, planEnded, asked, reason } = attempt
  const { lastAt = 0, answeredAt = 0 } = asked
  const overAt = givenUpAt(attempt)
  if (lastAt >= overAt || !plan.canAsk || reason === 'not_begun' || reason === 'ruled_not_paid') return undefined
  if (planEnded || answeredAt >= plan.endsAt) return { at: overAt, what: 'ask' }
  if (lastAt < plan.endsAt) return { at: plan.endsAt, what: 'ask' }
  const again = lastAt + Math.max(plan.askedMs.at(-1) ?? DAY_MS, lastAt - plan.endsAt)
  return { at: Math.min(again, overAt), what: 'ask' }
}

/** When the server acts next by itself. Undefined: final with nothing open, or a person has it. */
export const nextDeadline = (state: PaymentState): Instant | undefined => {
  const times = state.attempts.map((attempt) => attemptDeadline(attempt, state.closingAskedAt)?.at)
  if (!state.final && !state.closing) times.push(state.order.expiresAt)
  const known = times.filter((time) => time !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}
