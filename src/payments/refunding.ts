import type { Reading, Step } from '../channels/channel.ts'
import { newId, type PaymentId, type RefundId } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { AgreementUnusable, type Directory, type EService, type OpenAgreement } from '../merchants/index.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import type { Tx } from '../platform/db/db.ts'
import type { JobHandler } from '../platform/jobs/jobs.ts'
import { during } from '../platform/traces.ts'
import { type Conversation, converse, readingsOf } from './calls.ts'
import { attemptAsBegun, enquire, isAbout } from './enquire.ts'
import type { CallResult, Heard, RefundAskedFact, RefundHandedFact, RefundState } from './facts.ts'
import type { Hub } from './hub.ts'
import { decide, hear, stateOf } from './payment.ts'
import { heardFrom } from './readings.ts'
import { fromJobKey, jobKey, record } from './record.ts'
import { isRefundId, isSettled, type RefundCommand } from './refund-decisions.ts'
import { chooseRefund, isPerhapsForgotten, type NotRefundable, stillFits, type Wanted } from './refunds.ts'
import { type AttemptRow, attemptById, insertMessage, type Loaded, loadPayment, lockPayment } from './store/index.ts'
import { surely } from './surely.ts'

export const REFUND = 'payments.refund'

export type Asking = {
  readonly directory: Directory
  readonly eService: EService
  readonly payment: PaymentId
  readonly wanted: Wanted
  readonly reason?: string | undefined
  readonly number: string
  readonly now: Instant
}

/**
 * Decides a refund under the payment's lock and sets the job that makes it, in the caller's transaction; where the channel takes none, a
 * person has it at once. Undefined: no such payment.
 */
export const askRefund = async (
  hub: Hub,
  tx: Tx,
  { directory, eService, payment, wanted, reason, number, now }: Asking,
): Promise<Result<RefundState, NotRefundable> | undefined> => {
  const { merchant } = eService
  const loaded = await lockPayment(tx, merchant, payment)
  if (loaded?.row.eService !== eService.id) return undefined
  const chosen = chooseRefund(stateOf(loaded.facts), wanted)
  if (!chosen.ok) return chosen
  const { attempt, amountMinor } = chosen.value
  const refund = newId('rfd', now, hub.random)
  const byHand = !takesRefunds(hub, directory, attempt.agreement)
  const said = reason === undefined ? {} : { reason }
  const command = { do: 'refund', refund, attempt: attempt.id, number, amountMinor, byHand, ...said } as const
  const decided = decide(loaded.facts, command, now)
  const made = decided.ok ? decided.value.state.refunds.find(({ id }) => id === refund) : undefined
  if (!decided.ok || !made) return fail({ code: 'exceeds_paid', mostMinor: 0 })
  await record(hub, tx, loaded, decided.value, now)
  if (!byHand) {
    await hub.jobs.set(tx, [{ kind: REFUND, key: jobKey(merchant, `${payment}/${refund}`), runAt: now }])
  }
  return ok(made)
}

const takesRefunds = (hub: Hub, directory: Directory, agreement: string): boolean => {
  const channel = directory.agreements.get(agreement)?.channel
  return hub.channels.some((listed) => listed.channel.id === channel && listed.channel.refund !== undefined)
}

// ---------------------------------------------------------------------------------------------------------------------- making it

/** Two conversations of at most five calls, each call at most twice for ten seconds. */
const LEASE_MS = 4 * MINUTE_MS
/** A refund that is not settled is looked at again after as long as it has been waiting: at least this, at most a day. */
const SOONEST_MS = 5 * SECOND_MS
/** More events than one payment ever has: so many numbers are passed by when the database was restored, and a greater one says that it was. */
export const EVENTS_PASSED = 1_000

export const refundJob = (hub: Hub): JobHandler => ({
  kind: REFUND,
  atOnce: 8,
  leaseMs: LEASE_MS,
  run: async ({ key, tries }, now) => {
    const [merchant, rest] = fromJobKey(key)
    const [payment, refund] = fromJobKey(rest)
    return isRefundId(refund) ? pursue(hub, { merchant, payment, refund }, tries > 0, now) : undefined
  },
})

type Named = { readonly merchant: string; readonly payment: string; readonly refund: RefundId }
type Found = {
  readonly loaded: Loaded
  readonly asked: RefundAskedFact
  readonly state: RefundState
  /** By it no more goes back than was paid. */
  readonly fits: boolean
}

/** Does what the refund needs next: calls the PSP, or asks it, or hands it to a person. Returns when to look again; undefined: the hub has done its part. */
const pursue = async (hub: Hub, named: Named, interrupted: boolean, now: Instant): Promise<Instant | undefined> => {
  const seen = await findRefund(hub, named)
  if (!seen || isOver(seen.state)) return undefined
  const found = isInDoubt(seen) ? await askedBefore(hub, named, seen, interrupted, now) : seen
  if (found === undefined || typeof found === 'number') return found
  if (isOver(found.state)) return undefined
  const again = interrupted || found.state.status === 'unknown'
  if (!found.fits && !again && found.state.status === 'requested' && !found.state.handed) {
    const withheld = await decideOnRefund(hub, named, { do: 'withhold_refund', refund: named.refund })
    return withheld ? undefined : now
  }
  // What a person has may have been made by that person meanwhile: it is asked about, and not sent any more.
  const mayBeSent =
    found.state.status !== 'sent' && !found.state.handed && (found.fits || found.state.status === 'requested')
  const called = mayBeSent ? await call(hub, found, again) : 'may_have_acted'
  const told = called === 'may_have_acted' ? await ask(hub, named, found) : 'not_asked'
  const after = await findRefund(hub, named)
  if (!after || isOver(after.state)) return undefined
  const why = after.state.handed ? undefined : forPerson(after.state, called, told, now - after.asked.at)
  if (why) await decideOnRefund(hub, named, { do: 'hand_refund', refund: named.refund, why })
  return why === 'not_sent' ? undefined : nextLook(after, now)
}

/** Not past the moment at which a person must know of a silent PSP. */
const nextLook = ({ asked }: Found, now: Instant): Instant => {
  const next = now + Math.min(Math.max(now - asked.at, SOONEST_MS), DAY_MS)
  const silentAt = asked.at + SILENT_FOR_MS
  return now < silentAt ? Math.min(next, silentAt) : next
}

/** The database was restored since the payment was ordered: a refund of it may be forgotten, and be asked for again. */
export const livedThroughRestore = ({ sequence }: Loaded['row']): boolean => sequence > EVENTS_PASSED

/** Perhaps one that is forgotten, again. */
const isInDoubt = ({ loaded, state }: Found): boolean =>
  livedThroughRestore(loaded.row) && state.status === 'requested' && !state.handed

/**
 * Asks before anything is sent. The refund as it is then; or when to look again, where the PSP does not answer, or a person must find out:
 * whether it is one that is forgotten, or whether a run that was cut off has sent it.
 */
const askedBefore = async (
  hub: Hub,
  named: Named,
  seen: Found,
  interrupted: boolean,
  now: Instant,
): Promise<Found | Instant | undefined> => {
  const told = await askOfForgotten(hub, named, seen)
  const found = await findRefund(hub, named)
  if (!found || !isInDoubt(found)) return found
  const isUnclear =
    told === 'cannot_ask' || (interrupted && told !== 'answered') || isPerhapsForgotten(found.loaded.facts, found.asked)
  if (told === 'answered' && !isUnclear) return found
  if (!isUnclear && now - found.asked.at < SILENT_FOR_MS) return nextLook(found, now)
  await decideOnRefund(hub, named, { do: 'hand_refund', refund: named.refund, why: 'unsettled' })
  // After it is a person's: before, another run could repeat it.
  if (interrupted) await hearCutOff(hub, found)
  return nextLook(found, now)
}

/** Nothing is left for the hub to do. */
const isOver = (refund: RefundState): boolean =>
  isSettled(refund) || (refund.handed === 'not_sent' && refund.status === 'requested')

type Called = 'called' | 'cannot_call' | 'takes_none' | 'may_have_acted'
type Told = Awaited<ReturnType<typeof enquire>> | 'not_asked'

/** Without a word of the PSP a person is asked after this. */
const SILENT_FOR_MS = DAY_MS
/** A PSP that answers and has not ended it yet is given this long: card refunds take some days. Our choice. */
const WORKED_ON_FOR_MS = 7 * DAY_MS

/** Why a person must see to it now. Undefined: the hub goes on by itself. */
const forPerson = (
  { status }: RefundState,
  called: Called,
  told: Told,
  waitedMs: number,
): RefundHandedFact['why'] | undefined => {
  if (status === 'requested') return called === 'takes_none' || waitedMs >= SILENT_FOR_MS ? 'not_sent' : undefined
  // It can neither be repeated nor asked about: waiting would tell nothing.
  if (status === 'unknown' && told === 'cannot_ask') return 'unsettled'
  const patienceMs = status === 'sent' && told === 'answered' ? WORKED_ON_FOR_MS : SILENT_FOR_MS
  return waitedMs >= patienceMs ? 'unsettled' : undefined
}

/** Whether it is recorded. A refusal means that the facts have moved on. */
const decideOnRefund = (hub: Hub, { merchant, payment }: Named, command: RefundCommand): Promise<boolean> =>
  hub.db.tx(async (tx) => {
    const loaded = await lockPayment(tx, merchant, payment)
    if (!loaded) return false
    const now = hub.clock.now()
    const decided = decide(loaded.facts, command, now)
    if (decided.ok) await record(hub, tx, loaded, decided.value, now)
    return decided.ok
  })

const ask = async (hub: Hub, named: Named, { asked }: Found): Promise<Told> => {
  const open = await openFor(hub, named, asked)
  // An agreement that cannot be used today may be mended tomorrow.
  return open ? enquire(hub, named.merchant, named.payment, asked.attempt) : 'no_answer'
}

/** An answer that need not tell of what the hub has forgotten is as good as none that can be had. */
const askOfForgotten = async (hub: Hub, named: Named, found: Found): Promise<Told> => {
  const told = await ask(hub, named, found)
  const open = await openFor(hub, named, found.asked)
  return open && !open.channel.tellsEveryRefund ? 'cannot_ask' : told
}

const openFor = async (
  hub: Hub,
  { merchant }: Named,
  { attempt }: RefundAskedFact,
): Promise<OpenAgreement | undefined> => {
  const row = await attemptById(hub.db, merchant, attempt)
  return row && (await usable(hub, row.agreement))
}

const findRefund = async (hub: Hub, { merchant, payment, refund }: Named): Promise<Found | undefined> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  const asked = loaded?.facts.find((fact): fact is RefundAskedFact => fact.key === `refund:${refund}`)
  const whole = loaded && stateOf(loaded.facts)
  const state = whole?.refunds.find(({ id }) => id === refund)
  return whole && asked && state ? { loaded, asked, state, fits: stillFits(whole, state) } : undefined
}

const CUT_OFF: Conversation = { end: { step: 'no_answer', result: 'unknown' }, messages: [] }

/** Before it is forgotten that a run was cut off: what may have been sent is never made by hand as if it were not. */
const hearCutOff = async (hub: Hub, { loaded, asked }: Found): Promise<void> => {
  const { merchant } = loaded.row
  const row = await attemptById(hub.db, merchant, asked.attempt)
  if (row) await surely(hub.db, (tx) => hearAnswer(hub, tx, merchant, row, asked, CUT_OFF))
}

/** That this call never left says nothing of the one before it, which may have acted. */
const doubted = ({ end, messages }: Conversation): Conversation =>
  end.step === 'no_answer' ? { ...CUT_OFF, messages } : { end, messages }

/** Calls the PSP and hears its answer, unless a call before may have acted and this one would act twice. */
const call = async (hub: Hub, found: Found, again: boolean): Promise<Called> => {
  const { loaded, asked, fits } = found
  const row = await attemptById(hub.db, loaded.row.merchant, asked.attempt)
  const open = row && (await usable(hub, row.agreement))
  const step = row && open && fits && (await stepOf(hub, open, row, loaded, asked))
  if (!row || !open || !step) {
    if (again) await hearCutOff(hub, found)
    return open && !open.channel.refund ? 'takes_none' : 'cannot_call'
  }
  const about = { 'ebizness.payment': loaded.row.id, 'ebizness.channel': open.record.channel }
  const make = async (traceparent: string | undefined): Promise<Called> => {
    const conversation = await converse(hub, open, step, { purpose: 'refund', again, traceparent })
    await surely(hub.db, (tx) =>
      hearAnswer(hub, tx, loaded.row.merchant, row, asked, again ? doubted(conversation) : conversation),
    )
    return conversation.messages.length > 0 ? 'called' : 'may_have_acted'
  }
  const span = hub.traces.begin('payment.refund', { parent: loaded.row.traceparent, about })
  return during(span, make, (outcome) => ({ 'ebizness.outcome': outcome }))
}

/** Undefined: the channel takes none, or cannot say how to make this one, which a person must learn of and no repeat in a minute mends. */
const stepOf = async (
  hub: Hub,
  { channel, agreement, record: { id } }: OpenAgreement,
  row: AttemptRow,
  { facts }: Loaded,
  { refund, number, amountMinor }: RefundAskedFact,
): Promise<Step | undefined> => {
  const amount = { amountMinor, currency: stateOf(facts).order.amount.currency }
  const wanted = { id: refund, number, amount, attempt: attemptAsBegun(facts, row) }
  try {
    return await channel.refund?.(wanted, agreement)
  } catch (fault) {
    hub.warn('a channel could not write a refund', { channel: channel.id, agreement: id, refund, fault })
    return undefined
  }
}

/** An agreement that cannot be used as it is configured is mended by a person; until then nothing is sent. */
const usable = async (hub: Hub, agreement: string): Promise<OpenAgreement | undefined> => {
  try {
    return await hub.merchants.open(agreement, hub.clock.now())
  } catch (fault) {
    if (!(fault instanceof AgreementUnusable || fault instanceof CannotOpen)) throw fault
    hub.warn('a refund waits for an agreement that cannot be used', { agreement, fault })
    return undefined
  }
}

const hearAnswer = async (
  hub: Hub,
  tx: Tx,
  merchant: string,
  row: AttemptRow,
  { refund, number, attempt }: RefundAskedFact,
  conversation: Conversation,
): Promise<void> => {
  const fresh = await lockPayment(tx, merchant, row.payment)
  if (!fresh) return
  const now = hub.clock.now()
  const readings = readingsOf(conversation).filter((reading) => isAbout(reading, row))
  for (const message of conversation.messages) {
    await insertMessage(tx, { ...message, payment: row.payment, attempt, readings, verdict: 'sent' })
  }
  const result = resultOf(conversation, [refund, number])
  // Without a message nothing was sent this time: an earlier run may have acted before it was cut off.
  const key = `out:${conversation.messages[0]?.id ?? `interrupted:${refund}`}`
  const heard: readonly Heard[] = [
    { fact: 'outcome', key, at: now, attempt, of: 'refund', refund, result },
    ...heardFrom(readings, 'enquiry', attempt, now),
  ]
  await record(hub, tx, fresh, hear(fresh.facts, heard, now), now)
}

/** An answer that says nothing of this refund is as good as none: the call may have acted. */
const resultOf = ({ end }: Conversation, names: readonly string[]): CallResult => {
  if (end.step === 'no_answer') return end.result
  const speaks = ({ about, says }: Reading) =>
    'refund' in about && names.includes(about.refund) && says !== 'untrusted' && says !== 'ask' && says !== 'nothing'
  return end.step === 'heard' && end.readings.some(speaks) ? 'answered' : 'unknown'
}
