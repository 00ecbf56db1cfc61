import type { Attempt, Reading, Step } from '../channels/channel.ts'
import type { AttemptId } from '../kernel/ids.ts'
import { type Instant, SECOND_MS } from '../kernel/time.ts'
import { AgreementUnusable, type OpenAgreement } from '../merchants/index.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import { during } from '../platform/traces.ts'
import { converse, LONGEST_CONVERSATION_MS, readingsOf } from './calls.ts'
import type { Heard } from './facts.ts'
import type { Hub } from './hub.ts'
import { hear, mayBeBeginning, stateOf } from './payment.ts'
import { heardFrom } from './readings.ts'
import { record } from './record.ts'
import { type AttemptRow, attemptById, insertMessage, type Loaded, loadPayment, lockPayment } from './store/index.ts'

type Answered = 'answered' | 'no_answer' | 'cannot_ask'

/**
 * Asks the PSP what became of an attempt and hears its answer. `answered` only when the PSP said something that its channel knows; the
 * attempt's state then tells the rest.
 */
export const enquire = async (hub: Hub, merchant: string, payment: string, attemptId: string): Promise<Answered> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  const row = await attemptById(hub.db, merchant, attemptId)
  if (!loaded || !row) return 'cannot_ask'
  const open = await usable(hub, row.agreement)
  if (open === 'unusable') {
    await couldNotAsk(hub, loaded, row.id)
    return 'no_answer'
  }
  if (!open?.channel.enquire) return couldNotAsk(hub, loaded, row.id)
  const isBeginning = mayBeBeginning(loaded.facts, row.id, hub.clock.now(), LONGEST_CONVERSATION_MS)
  const parent = loaded.row.traceparent
  const about = { 'ebizness.payment': payment, 'ebizness.channel': open.record.channel }
  const step = await stepOf(hub, open, attemptAsBegun(loaded.facts, row))
  if (!step) {
    await couldNotAsk(hub, loaded, row.id)
    return 'no_answer'
  }
  return during(
    hub.traces.begin('payment.enquire', { parent, about }),
    (traceparent) => askAndHear(hub, { merchant, open, row, step, isBeginning, traceparent }),
    (answer) => ({ 'ebizness.outcome': answer }),
  )
}

/** An agreement that cannot be used as it is configured may be mended tomorrow; until then the payment's other attempts are not held up by it. */
const usable = async (hub: Hub, agreement: string): Promise<OpenAgreement | 'unusable' | undefined> => {
  try {
    return await hub.merchants.open(agreement, hub.clock.now())
  } catch (fault) {
    if (!(fault instanceof AgreementUnusable || fault instanceof CannotOpen)) throw fault
    hub.warn('an attempt cannot be asked about: its agreement cannot be used', { agreement, fault })
    return 'unusable'
  }
}

/** Undefined: the channel cannot say how to ask about this one; a question of ours that fails must not keep the attempt from its end. */
const stepOf = async (
  hub: Hub,
  { channel, agreement, record: { id } }: OpenAgreement,
  attempt: Attempt,
): Promise<Step | undefined> => {
  try {
    return await channel.enquire?.(attempt, agreement)
  } catch (fault) {
    hub.warn('a channel could not write a question', { channel: channel.id, agreement: id, attempt: attempt.id, fault })
    return undefined
  }
}

type Question = {
  readonly merchant: string
  readonly open: OpenAgreement
  readonly row: AttemptRow
  readonly step: Step
  /** When it was asked, the order itself may have been on its way. */
  readonly isBeginning: boolean
  readonly traceparent: string | undefined
}

const askAndHear = async (
  hub: Hub,
  { merchant, open, row, step, isBeginning, traceparent }: Question,
): Promise<'answered' | 'no_answer'> => {
  const conversation = await converse(hub, open, step, { purpose: 'enquire', traceparent })
  const { end, messages } = conversation
  const readings = readingsOf(conversation).filter(
    (reading) => isAbout(reading, row) && !(isBeginning && knowsNone(reading)),
  )
  const answered = end.step === 'heard' && readings.some(isAnswer)
  await hub.db.tx(async (tx) => {
    const now = hub.clock.now()
    const fresh = await lockPayment(tx, merchant, row.payment)
    if (!fresh) return
    for (const message of messages) {
      await insertMessage(tx, { ...message, payment: fresh.row.id, attempt: row.id, readings, verdict: 'sent' })
    }
    const heard: readonly Heard[] = [
      {
        fact: 'outcome',
        // A channel may say without a call that it cannot tell: that too counts each time, else it would be asked again at once, for ever.
        key: `out:${messages[0]?.id ?? `${row.id}:${now}`}`,
        at: now,
        attempt: row.id,
        of: 'enquire',
        result: answered ? 'answered' : end.step === 'no_answer' ? end.result : 'unknown',
      },
      ...heardFrom(readings, 'enquiry', row.id, now),
    ]
    await record(hub, tx, fresh, hear(fresh.facts, heard, now), now)
  })
  const said = readings.find(isAnswer)?.says
  hub.count('enquiries', { channel: open.record.channel, result: said ?? 'no_answer' })
  return answered ? 'answered' : 'no_answer'
}

/**
 * An agreement or an ability that was there when the attempt began is gone. That counts as asked in vain, so that the attempt's
 * deadlines go on and it ends with a person instead of being due for ever.
 */
const couldNotAsk = async (hub: Hub, { row, facts }: Loaded, attempt: AttemptId): Promise<'cannot_ask'> => {
  const channel = stateOf(facts).attempts.find(({ id }) => id === attempt)?.channel ?? 'none'
  await hub.db.tx(async (tx) => {
    const fresh = await lockPayment(tx, row.merchant, row.id)
    if (!fresh) return
    const now = hub.clock.now()
    const key = `out:${attempt}:${now}`
    const heard: Heard = { fact: 'outcome', key, at: now, attempt, of: 'enquire', result: 'not_sent' }
    await record(hub, tx, fresh, hear(fresh.facts, [heard], now), now)
  })
  hub.count('enquiries', { channel, result: 'cannot_ask' })
  return 'cannot_ask'
}

/** A hint that proves nothing makes the hub ask no oftener than this: whoever knows an address could make it flood the PSP. */
const HINT_GAP_MS = 3 * SECOND_MS
/** And ever more rarely, by this part of the attempt's age: each asking is kept, and an address is known for ever. */
const HINT_GAP_OF_AGE = 1 / 100

/** From when on a hint about the attempt is followed. */
export const nextHintAt = ({ facts }: Loaded, attempt: string): Instant => {
  const found = stateOf(facts).attempts.find((one) => one.id === attempt)
  if (found?.asked.lastAt === undefined) return 0
  const { lastAt } = found.asked
  return lastAt + Math.max(HINT_GAP_MS, Math.round((lastAt - found.begunAt) * HINT_GAP_OF_AGE))
}

/** Asks because somebody hinted that there is news; where it was asked a moment ago, its deadlines do. */
export const enquireByHint = async (hub: Hub, merchant: string, payment: string, attempt: AttemptId): Promise<void> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  if (loaded && hub.clock.now() >= nextHintAt(loaded, attempt)) await enquire(hub, merchant, payment, attempt)
}

/**
 * Asks because the PSP hinted, unless it was paid: also when the hub had given up asking, since a late success is never ignored. Returns
 * when to do so, where it was asked a moment ago.
 */
export const followHint = async (
  hub: Hub,
  merchant: string,
  payment: string,
  attempt: string,
  now: Instant,
): Promise<Instant | undefined> => {
  const loaded = await loadPayment(hub.db, merchant, payment)
  const found = loaded && stateOf(loaded.facts).attempts.find(({ id }) => id === attempt)
  if (!loaded || !found?.plan.canAsk || found.status === 'executed') return undefined
  const at = nextHintAt(loaded, attempt)
  if (now < at) return at
  await enquire(hub, merchant, payment, attempt)
  return undefined
}

/**
 * Past its last moment an answer that is not "paid" is the answer "not paid", so it must be one: a word that the channel does not know, or
 * "no such payment" of one that was made, is asked about again, and in the end by a person.
 */
const isAnswer = (reading: Reading): boolean =>
  !['untrusted', 'ask', 'nothing'].includes(reading.says) && !(reading.says === 'waiting' && reading.word !== undefined)

/** The PSP has no such order; no answer where the order may reach it after the question did. */
const knowsNone = (reading: Reading): boolean => reading.says === 'refused' && reading.reason === 'not_begun'

/** An answer about another attempt is not an answer to this question. */
export const isAbout = (reading: Reading, row: AttemptRow): boolean => {
  if ('number' in reading.about) return reading.about.number === row.number
  if ('pspId' in reading.about) return row.kept.pspIds?.includes(reading.about.pspId) ?? false
  return true
}

/** An attempt as its channel is told of it. */
export const attemptAsBegun = (facts: Parameters<typeof stateOf>[0], row: AttemptRow): Attempt => {
  const state = stateOf(facts)
  const attempt = state.attempts.find((one) => one.id === row.id)
  const { currency } = state.order.amount
  return {
    id: row.id,
    number: row.number,
    amount: state.order.amount,
    begunAt: attempt?.begunAt ?? state.order.at,
    kept: row.kept,
    refunds: [...facts].flatMap((fact) =>
      fact.fact === 'refund_asked' && fact.attempt === row.id
        ? [{ id: fact.refund, number: fact.number, amount: { amountMinor: fact.amountMinor, currency } }]
        : [],
    ),
  }
}
