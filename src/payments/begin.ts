import type { Kept, Order, Step } from '../channels/channel.ts'
import { type AttemptId, newId } from '../kernel/ids.ts'
import { inLanguage } from '../kernel/language.ts'
import type { Instant } from '../kernel/time.ts'
import { AgreementUnusable, type Offer, type OpenAgreement } from '../merchants/index.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import { during } from '../platform/traces.ts'
import { pspAddresses } from './addresses.ts'
import { type Conversation, converse, readingsOf } from './calls.ts'
import { enquire } from './enquire.ts'
import type { AttemptState, CallResult, Heard, OutcomeFact, PaymentState, Plan } from './facts.ts'
import type { Hub } from './hub.ts'
import { faultOfStep, type PayerStep } from './leading.ts'
import { offersOf } from './offers.ts'
import { decide, hear, mayBeLed, type Refusal, stateOf } from './payment.ts'
import { heardFrom } from './readings.ts'
import { record } from './record.ts'
import {
  attemptById,
  insertAttempt,
  insertMessage,
  keepOfAttempt,
  type Loaded,
  loadPayment,
  lockPayment,
  type MessageRow,
  type PaymentRow,
} from './store/index.ts'
import { surely } from './surely.ts'

/** What the payer is shown after choosing. */
export type Begun =
  | { readonly kind: 'going'; readonly offer: Offer; readonly step: PayerStep }
  /** The PSP did not take it, or did not answer: the payment's state says which. */
  | { readonly kind: 'not_going' }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly former?: AttemptState }
  | { readonly kind: 'not_offered' }

type Begin = {
  readonly hub: Hub
  readonly row: PaymentRow
  readonly offer: Offer
  readonly open: OpenAgreement
  readonly now: Instant
  readonly traceparent: string | undefined
}

/**
 * Begins an attempt on an offer, or shows the step of the one that is under way there. The attempt is written before the PSP is
 * called; a form or an address that needs no call is signed first and written with the attempt, in one commit.
 */
export const beginAttempt = async (hub: Hub, loaded: Loaded, offerId: string, notPaid: boolean): Promise<Begun> => {
  const { merchant, id, traceparent } = loaded.row
  const span = hub.traces.begin('payment.begin', { parent: traceparent, about: { 'ebizness.payment': id } })
  const chosen = { offer: offerId, notPaid, traceparent: span.traceparent }
  const begin = async (): Promise<Begun> => {
    const begun = await tryToBegin(hub, loaded, chosen)
    if (begun.kind !== 'refused' || !isOvertaken(begun)) return begun
    const fresh = await loadPayment(hub.db, merchant, id)
    return fresh ? tryToBegin(hub, fresh, chosen) : begun
  }
  return during(span, begin, ({ kind }) => ({ 'ebizness.outcome': kind }))
}

type Chosen = { readonly offer: string; readonly notPaid: boolean; readonly traceparent: string | undefined }

/** Another tab, or the other half of a double click, began or ended an attempt since the payment was read. */
const isOvertaken = ({ refusal, former }: Extract<Begun, { kind: 'refused' }>): boolean =>
  refusal === 'already_begun' || refusal === 'attempt_over' || (refusal === 'may_still_be_paid' && !former)

const tryToBegin = async (
  hub: Hub,
  loaded: Loaded,
  { offer: offerId, notPaid, traceparent }: Chosen,
): Promise<Begun> => {
  const now = hub.clock.now()
  const { row } = loaded
  const state = stateOf(loaded.facts)
  const offer = offersOf(hub, await hub.merchants.directory(), row, state, now).find((one) => one.id === offerId)
  if (!offer || offer.health === 'paused') return { kind: 'not_offered' }
  const open = await usable(hub, offer, now)
  if (!open) return { kind: 'not_offered' }
  const begin = { hub, row, offer, open, now, traceparent }
  const { current } = state
  if (current?.offer === offer.id) return beginAgain(begin, current, state)
  const begun = await beginAnew(begin, state, notPaid)
  if (begun.kind !== 'refused' || begun.refusal !== 'may_still_be_paid' || !current) return begun
  if (!current.plan.canAsk) return { ...begun, former: current }
  await enquire(hub, row.merchant, row.id, current.id)
  const again = await beginAnew(begin, state, notPaid)
  return again.kind === 'refused' ? { ...again, former: current } : again
}

/** A bank whose agreement this hub cannot use as it is configured is as if it were not offered: the payer may choose another. */
const usable = async (hub: Hub, { agreement }: Offer, now: Instant): Promise<OpenAgreement | undefined> => {
  try {
    return await hub.merchants.open(agreement, now)
  } catch (fault) {
    if (!(fault instanceof AgreementUnusable || fault instanceof CannotOpen)) throw fault
    hub.warn('an agreement cannot be used', { agreement, fault })
    return undefined
  }
}

const beginAnew = async (begin: Begin, state: PaymentState, notPaid: boolean): Promise<Begun> => {
  const { hub, row, offer, open, now } = begin
  const attempt = newId('att', now, hub.random)
  const number = await hub.numbers.next()
  const step = await open.channel.begin(orderOf(begin, state, attempt, number), open.agreement)
  if (leadsAstray(begin, step)) return { kind: 'not_offered' }
  const kept = 'keep' in step ? step.keep : {}
  const command = {
    do: 'begin' as const,
    attempt,
    number,
    offer: offer.id,
    agreement: open.record.id,
    channel: open.record.channel,
    payee: open.payee,
    plan: planOf(open, now),
    notPaid,
    ...(kept.echo ? { echo: kept.echo } : {}),
  }
  const refusal = await hub.db.tx(async (tx) => {
    const fresh = await lockPayment(tx, row.merchant, row.id)
    if (!fresh) return 'final'
    const decided = decide(fresh.facts, command, now)
    if (!decided.ok) return decided.error
    await insertAttempt(tx, row.merchant, { id: attempt, payment: row.id, agreement: open.record.id, number, kept })
    if (step.step === 'form' || step.step === 'redirect') await insertMessage(tx, sentByPayer(begin, attempt, step))
    await record(hub, tx, fresh, decided.value, now)
    return undefined
  })
  if (refusal) return { kind: 'refused', refusal }
  return follow(begin, attempt, step)
}

/** The same attempt's step once more: a stored one that only the PSP could tell, else signed anew. */
const beginAgain = async (begin: Begin, attempt: AttemptState, state: PaymentState): Promise<Begun> => {
  const { hub, row, open, now } = begin
  const known = await attemptById(hub.db, row.merchant, attempt.id)
  if (known?.step) return mayBeLed(state, attempt.id, now) ? goingBy(begin, known.step) : { kind: 'not_going' }
  const step = await open.channel.begin(orderOf(begin, state, attempt.id, attempt.number), open.agreement)
  if ((step.step === 'call' && !step.repeatable) || leadsAstray(begin, step)) return { kind: 'not_going' }
  const kept = 'keep' in step ? step.keep : undefined
  const plan = planOf(open, now)
  const command = { do: 'begin_again' as const, attempt: attempt.id, plan, ...(kept?.echo ? { echo: kept.echo } : {}) }
  const refusal = await hub.db.tx(async (tx) => {
    const fresh = await lockPayment(tx, row.merchant, row.id)
    if (!fresh) return 'final'
    const decided = decide(fresh.facts, command, now)
    if (!decided.ok) return decided.error
    if (kept) await keepOfAttempt(tx, row.merchant, { id: attempt.id, agreement: open.record.id, kept, step: null })
    if (step.step === 'form' || step.step === 'redirect') await insertMessage(tx, sentByPayer(begin, attempt.id, step))
    await record(hub, tx, fresh, decided.value, now)
    return undefined
  })
  return refusal ? { kind: 'refused', refusal } : follow(begin, attempt.id, step)
}

/** A step that a payer's browser must not be sent by; said in the log, since the agreement or its PSP needs a person. */
const leadsAstray = ({ hub, open }: Begin, step: Step | { readonly step: 'no_answer' }): boolean => {
  if (step.step !== 'form' && step.step !== 'redirect') return false
  const fault = faultOfStep(step, hub.mode)
  if (fault === undefined) return false
  hub.warn('a payer was not sent where a step leads', {
    agreement: open.record.id,
    channel: open.record.channel,
    fault,
  })
  return true
}

const goingBy = (begin: Begin, step: PayerStep): Begun =>
  leadsAstray(begin, step) ? { kind: 'not_going' } : { kind: 'going', offer: begin.offer, step }

/** Makes the calls that the beginning needs and hears how they ended. A payer is not led to pay what was cancelled meanwhile. */
const follow = async (begin: Begin, attempt: AttemptId, first: Step): Promise<Begun> => {
  const { hub, row, offer, open, traceparent } = begin
  if (first.step === 'form' || first.step === 'redirect') return { kind: 'going', offer, step: first }
  const conversation = withoutAstray(begin, await converse(hub, open, first, { purpose: 'begin', traceparent }))
  const { end } = conversation
  const going = end.step === 'form' || end.step === 'redirect' ? end : undefined
  const isLed = await surely(hub.db, async (tx) => {
    const now = hub.clock.now()
    const fresh = await lockPayment(tx, row.merchant, row.id)
    if (!fresh) return false
    const readings = readingsOf(conversation)
    for (const message of conversation.messages) {
      await insertMessage(tx, { ...message, payment: row.id, attempt, readings, verdict: 'sent' })
    }
    if (going)
      await keepOfAttempt(tx, row.merchant, { id: attempt, agreement: open.record.id, kept: going.keep, step: going })
    const heard: readonly Heard[] = [
      outcomeOf(conversation, attempt, now, going?.keep),
      ...heardFrom(readings, 'enquiry', attempt, now),
    ]
    const decided = hear(fresh.facts, heard, now)
    await record(hub, tx, fresh, decided, now)
    return mayBeLed(decided.state, attempt, now)
  })
  return going && isLed ? { kind: 'going', offer, step: going } : { kind: 'not_going' }
}

/** An answer that names no address a payer may be sent to is none that the payer could pay by. */
const withoutAstray = (begin: Begin, conversation: Conversation): Conversation =>
  leadsAstray(begin, conversation.end)
    ? { ...conversation, end: { step: 'no_answer', result: 'unknown' } }
    : conversation

const outcomeOf = (
  conversation: Conversation,
  attempt: AttemptId,
  at: Instant,
  kept: Kept | undefined,
): OutcomeFact => ({
  fact: 'outcome',
  key: `out:${conversation.messages[0]?.id ?? attempt}`,
  at,
  attempt,
  of: 'begin',
  result: resultOf(conversation.end),
  ...(kept?.echo ? { echo: kept.echo } : {}),
})

const resultOf = (end: Conversation['end']): CallResult => {
  if (end.step === 'no_answer') return end.result
  if (end.step !== 'heard') return 'answered'
  return end.readings.some((reading) => reading.says === 'refused') ? 'answered' : 'unknown'
}

const planOf = (open: OpenAgreement, now: Instant): Plan => {
  const times = open.channel.times(open.agreement.settings)
  return {
    askAt: now + times.askAfter.begunMs,
    endsAt: now + times.lastMomentMs + times.finalWithinMs,
    canAsk: open.channel.enquire !== undefined,
    unansweredBegin: times.unansweredBegin,
    returnedMs: times.askAfter.returnedMs,
    askedMs: times.askAfter.askedMs,
  }
}

const orderOf = (begin: Begin, state: PaymentState, attempt: AttemptId, number: string): Order => {
  const { hub, row, offer, open } = begin
  const { details } = row
  return {
    attempt: { id: attempt, number },
    amount: state.order.amount,
    payee: open.payee,
    reference: row.reference,
    ...(details.paymentReference ? { paymentReference: details.paymentReference } : {}),
    description: inLanguage(details.description, details.language),
    language: details.language,
    ...(details.payer ? { payer: details.payer } : {}),
    ...(offer.bank ? { offer: offer.bank } : {}),
    addresses: pspAddresses(hub.publicUrl, open.record, attempt),
  }
}

/** What the payer's browser is given to carry: kept like any message of ours. */
const sentByPayer = ({ hub, row, open, now }: Begin, attempt: AttemptId, step: PayerStep): MessageRow => ({
  merchant: row.merchant,
  id: newId('msg', now, hub.random),
  agreement: open.record.id,
  payment: row.id,
  attempt,
  direction: 'out',
  purpose: 'begin',
  at: now,
  method: step.step === 'form' ? step.method : 'GET',
  url: step.url,
  headers: step.step === 'form' ? { 'accept-charset': step.charset } : {},
  body: step.step === 'form' ? Buffer.from(JSON.stringify(step.fields)) : new Uint8Array(),
  peer: 'payer',
  status: null,
  readings: [],
  verdict: 'sent',
})
