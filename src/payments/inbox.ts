import type { Answer, Reading, Heard as Said, WireMessage } from '../channels/channel.ts'
import { type AttemptId, type MessageId, newId } from '../kernel/ids.ts'
import { type Instant, SECOND_MS } from '../kernel/time.ts'
import type { AgreementRecord } from '../merchants/index.ts'
import { DatabaseAway, type Queryable, type Tx } from '../platform/db/db.ts'
import { nextHintAt } from './enquire.ts'
import type { Source } from './facts.ts'
import type { Hub } from './hub.ts'
import { hear } from './payment.ts'
import { heardFrom, storable } from './readings.ts'
import { HINT, jobKey, PARKED, record } from './record.ts'
import {
  type AttemptRow,
  attemptById,
  attemptByNumber,
  attemptsByPspId,
  insertMessage,
  type Loaded,
  loadPayment,
  lockPayment,
  type MessageRow,
} from './store/index.ts'

/** Whatever a PSP or a payer's browser brought to one of our addresses. */
export type Arrived = {
  readonly channel: string
  readonly agreement: string
  readonly attempt?: AttemptId
  /** Which of the two addresses it came to. */
  readonly address: 'back' | 'notice'
  readonly message: WireMessage & { readonly receivedAt: Instant }
  readonly peer: string
}

export type Received = {
  readonly carrier: 'payer' | 'psp'
  readonly answer: Answer
  readonly verdict: MessageRow['verdict']
  /** The payment whose page the payer's browser is to see. */
  readonly payToken?: string
  /** A hint that proves nothing brought the payer back: the PSP should be asked before the page is shown. */
  readonly ask?: { readonly merchant: string; readonly payment: string; readonly attempt: AttemptId }
}

/**
 * Verifying is pure and comes first; then the raw message, what was read in it and the change of state are one commit, before
 * anything is answered. Whatever a reading throws, the raw message is stored. Undefined: no such agreement or channel.
 */
export const receive = async (
  hub: Hub,
  arrived: Arrived,
  holdsBack: (what: Unproven, agreement: string) => boolean,
): Promise<Received | 'held_back' | undefined> => {
  const { message } = arrived
  const agreement = (await hub.merchants.directory()).agreements.get(arrived.agreement)
  if (!agreement || agreement.channel !== arrived.channel) {
    // The channel in the address is whatever a stranger wrote.
    hub.count('messages', { channel: 'none', carrier: 'none', verdict: 'unknown' })
    return undefined
  }
  const beganAt = performance.now()
  const { said, verdict } = await readMessage(hub, arrived)
  const counted = { channel: arrived.channel, carrier: said.carrier }
  const unproven = unprovenIn(said, verdict)
  if (unproven && holdsBack(unproven, agreement.id)) {
    hub.count('messages', { ...counted, verdict: 'held_back' })
    return 'held_back'
  }
  const id = newId('msg', message.receivedAt, hub.random)
  const placed = await hub.db.tx((tx) => place(hub, tx, { agreement, arrived, said, verdict, id }))
  hub.count('messages', { ...counted, verdict: placed.verdict })
  const about = { 'ebizness.channel': counted.channel, 'ebizness.carrier': counted.carrier }
  for (const parent of placed.traces) {
    const span = hub.traces.begin('psp.message', { kind: 'server', parent, beganAt, about })
    span.end({ 'ebizness.verdict': placed.verdict })
  }
  return {
    carrier: said.carrier,
    answer: verdict === 'fault' ? { status: 503, body: '' } : answerOf(said, verdict),
    verdict: placed.verdict,
    ...placed.shown,
  }
}

type ReadMessage = { readonly said: Said; readonly verdict: 'trusted' | 'untrusted' | 'fault' }

/** A channel that throws, or an agreement that cannot be used as it is configured, is our fault: stored, and the bank repeats it. */
export const readMessage = async (hub: Hub, arrived: Arrived): Promise<ReadMessage> => {
  try {
    const open = await hub.merchants.open(arrived.agreement, arrived.message.receivedAt)
    if (!open) throw new Error('the agreement cannot be opened')
    const said = storable(await open.channel.read(arrived.message, open.agreement))
    return { said, verdict: said.readings.some(isUntrusted) ? 'untrusted' : 'trusted' }
  } catch (fault) {
    const what =
      fault instanceof DatabaseAway
        ? 'the database was away when a message came: it is kept unread'
        : 'a channel could not read a message'
    hub.warn(what, { channel: arrived.channel, agreement: arrived.agreement, fault })
    return { said: { readings: [], carrier: arrived.address === 'back' ? 'payer' : 'psp' }, verdict: 'fault' }
  }
}

const isUntrusted = (reading: Reading): boolean => reading.says === 'untrusted'

/** Messages that prove nothing: anyone who knows an address can send them, and a flood must not fill the disk. */
export type Unproven = 'untrusted' | 'hint'
const unprovenIn = (said: Said, verdict: ReadMessage['verdict']): Unproven | undefined => {
  if (verdict === 'untrusted') return verdict
  return verdict === 'trusted' && said.readings.every(isHint) ? 'hint' : undefined
}
const isHint = ({ says }: Reading): boolean => says === 'ask' || says === 'nothing'

/** A bank whose key has not been rolled yet repeats what was answered with 400; a payer never sees it. */
const answerOf = (said: Said, verdict: 'trusted' | 'untrusted'): Answer =>
  verdict === 'untrusted' ? { status: 400, body: '' } : (said.answer ?? { status: 200, body: '' })

/** How long a message that has no place yet waits before it is tried again. */
const PARKED_FIRST_MS = 5 * SECOND_MS

type Placing = ReadMessage & { readonly agreement: AgreementRecord; readonly arrived: Arrived; readonly id: MessageId }
type Placed = {
  readonly verdict: MessageRow['verdict']
  readonly shown: Pick<Received, 'payToken' | 'ask'>
  /** Of the payments it is about; a trace of its own where it is about none. */
  readonly traces: readonly (string | null)[]
}

const place = async (hub: Hub, tx: Tx, placing: Placing): Promise<Placed> => {
  const { agreement, arrived, said, verdict } = placing
  const { merchant } = agreement
  const inAddress = arrived.attempt ? await attemptById(tx, merchant, arrived.attempt) : undefined
  const addressed = inAddress?.agreement === agreement.id ? inAddress : undefined
  const { named, lost } = verdict === 'trusted' ? await attemptsNamed(tx, agreement, said.readings, addressed) : NOBODY
  const shown = addressed ?? named[0]?.attempt
  const parked = lost.length > 0
  // What waits is tried again by its own address, not by that of another payment it tells of.
  const row = messageRow(placing, parked ? addressed : shown, parked ? 'parked' : verdict)
  await insertMessage(tx, row)
  if (parked || verdict === 'fault') {
    await hub.jobs.set(tx, [{ kind: PARKED, key: jobKey(merchant, row.id), runAt: row.at + PARKED_FIRST_MS }])
  }
  const heard = await hearNamed(hub, tx, merchant, named, placing)
  const payment =
    said.carrier === 'payer' && shown
      ? (heard.find(({ row: { id } }) => id === shown.payment) ?? (await loadPayment(tx, merchant, shown.payment)))
      : undefined
  const asks = said.readings.some((reading) => reading.says === 'ask')
  return {
    verdict: row.verdict,
    traces: heard.length > 0 ? heard.map(({ row: { traceparent } }) => traceparent) : [null],
    shown: {
      ...(payment ? { payToken: payment.row.payToken } : {}),
      ...(asks && shown ? { ask: { merchant, payment: shown.payment, attempt: shown.id } } : {}),
    },
  }
}

type Named = { readonly reading: Reading; readonly attempt: AttemptRow }
/** `lost`: what is said of attempts that nobody here knows. One message may tell of several. */
type Sorted = { readonly named: readonly Named[]; readonly lost: readonly Reading[] }
export const NOBODY: Sorted = { named: [], lost: [] }

/** Which attempts the readings are about: by our number, the PSP's id, or only the address. */
export const attemptsNamed = async (
  db: Queryable,
  agreement: AgreementRecord,
  readings: readonly Reading[],
  addressed: AttemptRow | undefined,
): Promise<Sorted> => {
  const { merchant, id } = agreement
  const byNumber = async (number: string) =>
    number === addressed?.number ? addressed : await attemptByNumber(db, merchant, id, number)
  // A refund's number is not an attempt's: the message says elsewhere whose it is, and its address may be anyone's.
  const told = readings.find(({ about }) => 'number' in about)?.about
  const named: Named[] = []
  const lost: Reading[] = []
  for (const reading of readings) {
    const about = 'refund' in reading.about && told ? told : reading.about
    const attempts =
      'number' in about
        ? [await byNumber(about.number)]
        : 'pspId' in about
          ? preferAddressed(await attemptsByPspId(db, merchant, id, about.pspId), addressed)
          : [addressed]
    const found = attempts.flatMap((attempt) => (attempt ? [{ attempt, reading }] : []))
    named.push(...found)
    // A hint about an attempt that the address names wrongly will never be placed.
    if (found.length === 0 && !(isHint(reading) && 'address' in reading.about)) lost.push(reading)
  }
  return { named, lost }
}

/** Where a PSP's ids have come round, the address tells which attempt is meant, else the latest. */
const preferAddressed = (attempts: readonly AttemptRow[], addressed: AttemptRow | undefined) => [
  attempts.find((attempt) => attempt.id === addressed?.id) ?? [...attempts].sort((a, b) => (a.id < b.id ? 1 : -1))[0],
]

/**
 * Hears what was said of each payment, under its lock; returns them as they were before. What was said is dated as it came, which may be
 * days ago; what the hub makes of it, the notice and the task too, is of now.
 */
export const hearNamed = async (
  hub: Hub,
  tx: Tx,
  merchant: string,
  named: readonly Named[],
  { arrived, said, id }: Pick<Placing, 'arrived' | 'said' | 'id'>,
): Promise<readonly Loaded[]> => {
  const locked: Loaded[] = []
  const source: Source = said.carrier === 'payer' ? 'return' : 'notice'
  const payments = [...new Set(named.map(({ attempt }) => attempt.payment))].sort()
  for (const payment of payments) {
    const loaded = await lockPayment(tx, merchant, payment)
    if (!loaded) throw new Error(`message ${id} names a payment that is not there`)
    locked.push(loaded)
    const own = named.filter(({ attempt }) => attempt.payment === payment)
    const now = hub.clock.now()
    const { receivedAt } = arrived.message
    const heard = own.flatMap(({ reading, attempt }) => heardFrom([reading], source, attempt.id, receivedAt))
    await record(hub, tx, loaded, hear(loaded.facts, heard, now), now)
    const hinted = said.carrier === 'psp' ? own.filter(({ reading }) => reading.says === 'ask') : []
    const asking = hinted.map(({ attempt: { id: attempt } }) => ({
      kind: HINT,
      key: jobKey(merchant, `${payment}/${attempt}`),
      runAt: Math.max(now, nextHintAt(loaded, attempt)),
    }))
    if (asking.length > 0) await hub.jobs.set(tx, asking)
  }
  return locked
}

/** What opens doors is not kept beside what was said; no protocol here signs these. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization']
const withoutSecrets = (headers: WireMessage['headers']): WireMessage['headers'] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.includes(name) ? '[secret]' : value]),
  )

const messageRow = (
  { agreement, arrived, said, id }: Placing,
  attempt: AttemptRow | undefined,
  verdict: MessageRow['verdict'],
): MessageRow => ({
  merchant: agreement.merchant,
  id,
  agreement: agreement.id,
  payment: attempt?.payment ?? null,
  attempt: attempt?.id ?? null,
  direction: 'in',
  purpose: arrived.address,
  at: arrived.message.receivedAt,
  method: arrived.message.method,
  url: arrived.message.url,
  headers: withoutSecrets(arrived.message.headers),
  body: arrived.message.body,
  peer: arrived.peer,
  status: null,
  readings: said.readings,
  verdict,
})
