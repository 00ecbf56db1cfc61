import type { Reading } from '../channels/channel.ts'
import { newId, type PaymentId } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { AgreementUnusable, type Directory, type EService, type OpenAgreement } from '../merchants/index.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import type { Tx } from '../platform/db/db.ts'
import type { JobHandler } from '../platform/jobs/jobs.ts'
import { type Conversation, converse, readingsOf } from './calls.ts'
import { attemptAsBegun, enquire, isAbout } from './enquire.ts'
import type { CallResult, Heard, RefundAskedFact, RefundState } from './facts.ts'
import type { Hub } from './hub.ts'
import { decide, hear, stateOf } from './payment.ts'
import { heardFrom } from './readings.ts'
import { fromJobKey, jobKey, record } from './record.ts'
import { chooseRefund, type NotRefundable, type Wanted } from './refunds.ts'
import { type AttemptRow, attemptById, insertMessage, type Loaded, loadPayment, lockPayment } from './store/index.ts'
import { surely } from './surely.ts'

const REFUND = 'payments.refund'

export type NotAsked = {
  readonly code: NotRefundable['code'] | 'no_refunds_here'
  readonly mostMinor: number
}

export type Asking = {
  readonly directory: Directory
  readonly eService: EService
  readonly payment: PaymentId
  readonly wanted: Wanted
  readonly number: string
  readonly now: Instant
}

/** Decides a refund under the payment's lock and sets the job that makes it, in the caller's transaction. Undefined: no such payment. */
export const askRefund = async (
  hub: Hub,
  tx: Tx,
  { directory, eService, payment, wanted, number, now }: Asking,
): Promise<Result<RefundState, NotAsked> | undefined> => {
  const { merchant } = eService
  const loaded = await lockPayment(tx, merchant, payment)
  if (loaded?.row.eService !== eService.id) return undefined
  const chosen = chooseRefund(stateOf(loaded.facts), wanted)
  if (!chosen.ok) return chosen
  const { attempt, amountMinor } = chosen.value
  if (!takesRefunds(hub, directory, attempt.agreement)) return fail({ code: 'no_refunds_here', mostMinor: 0 })
  const refund = newId('rfd', now, hub.random)
  const decided = decide(loaded.facts, { do: 'refund', refund, attempt: attempt.id, number, amountMinor }, now)
  const made = decided.ok ? decided.value.state.refunds.find(({ id }) => id === refund) : undefined
  if (!decided.ok || !made) return fail({ code: 'exceeds_paid', mostMinor: 0 })
  await record(hub, tx, loaded, decided.value, now)
  await hub.jobs.set(tx, [{ kind: REFUND, key: jobKey(merchant, `${payment}/${refund}`), runAt: now }])
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

export const refundJob = (hub: Hub): JobHandler => ({
  kind: REFUND,
  atOnce: 8,
  leaseMs: LEASE_MS,
  run: async ({ key, tries }, now) => {
    const [merchant, rest] = fromJobKey(key)
    const [payment, refund] = fromJobKey(rest)
    return pursue(hub, { merchant, payment, refund }, tries > 0, now)
  },
})

type Named = { readonly merchant: string; readonly payment: string; readonly refund: string }
type Found = { readonly loaded: Loaded; readonly asked: RefundAskedFact; readonly state: RefundState }

/** Does what the refund needs next: calls the PSP, or asks it. Returns when to look again; undefined: it is settled. */
const pursue = async (hub: Hub, named: Named, interrupted: boolean, now: Instant): Promise<Instant | undefined> => {
  const found = await findRefund(hub, named)
  if (!found || isSettled(found.state)) return undefined
  const again = interrupted || found.state.status === 'unknown'
  const done = found.state.status === 'sent' ? 'may_have_acted' : await call(hub, found, again)
  if (done === 'may_have_acted') await enquire(hub, named.merchant, named.payment, found.asked.attempt)
  const after = await findRefund(hub, named)
  if (!after || isSettled(after.state)) return undefined
  const waitedMs = now - after.asked.at
  if (waitedMs >= DAY_MS) hub.warn('a refund is not settled: ask the bank about it', { ...named, ...after.state })
  return now + Math.min(Math.max(waitedMs, SOONEST_MS), DAY_MS)
}

const isSettled = ({ status }: RefundState): boolean => status === 'done' || status === 'failed'

const findRefund = async (hub: Hub, { merchant, payment, refund }: Named): Promise<Found | undefined> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  const asked = loaded?.facts.find((fact): fact is RefundAskedFact => fact.key === `refund:${refund}`)
  const state = loaded && stateOf(loaded.facts).refunds.find(({ id }) => id === refund)
  return loaded && asked && state ? { loaded, asked, state } : undefined
}

/** Calls the PSP and hears its answer, unless a call before may have acted and this one would act twice. */
const call = async (
  hub: Hub,
  { loaded, asked }: Found,
  again: boolean,
): Promise<'called' | 'cannot_call' | 'may_have_acted'> => {
  const row = await attemptById(hub.db, loaded.row.merchant, asked.attempt)
  const open = row && (await usable(hub, row.agreement))
  if (!row || !open?.channel.refund) return 'cannot_call'
  const amount = { amountMinor: asked.amountMinor, currency: stateOf(loaded.facts).order.amount.currency }
  const attempt = attemptAsBegun(loaded.facts, row)
  const step = await open.channel.refund({ id: asked.refund, number: asked.number, amount, attempt }, open.agreement)
  const conversation = await converse(hub, open, step, 'refund', again)
  await surely(hub.db, (tx) => hearAnswer(hub, tx, loaded.row.merchant, row, asked, conversation))
  return conversation.messages.length > 0 ? 'called' : 'may_have_acted'
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
