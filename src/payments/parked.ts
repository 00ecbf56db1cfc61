import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { AgreementRecord } from '../merchants/index.ts'
import type { Tx } from '../platform/db/db.ts'
import { BY_ITSELF } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { type Arrived, attemptsNamed, hearNamed, NOBODY, readMessage } from './inbox.ts'
import { jobKey, PARKED } from './record.ts'
import {
  attemptById,
  lockMessage,
  lockWaiting,
  type MessageRow,
  messageById,
  placeMessage,
  untrustedMessages,
  type Waiting,
  waitingMessages,
} from './store/index.ts'

/** Messages that could not be placed, or not read, when they came: tried again, and after an hour given to a person; never dropped. */

const AGAIN_MS = MINUTE_MS
/** After an hour a person looks at it. */
export const PERSON_AFTER_MS = HOUR_MS
/** A fault of ours is mended by a person: until then it is read again each hour. */
const FAULT_FOR_MS = 30 * DAY_MS

const tryNext = (row: Pick<MessageRow, 'at' | 'verdict'>, now: Instant): Instant | undefined => {
  if (now < row.at + PERSON_AFTER_MS) return now + AGAIN_MS
  return row.verdict === 'fault' && now < row.at + FAULT_FOR_MS ? now + HOUR_MS : undefined
}

/** Tries a parked message again: its attempt may have become known, or what kept us from reading it was mended. Returns when to try next. */
export const tryParked = async (hub: Hub, merchant: string, id: string): Promise<Instant | undefined> => {
  const now = hub.clock.now()
  const stored = await messageById(hub.db, merchant, id)
  if (!stored || !isWaiting(stored)) return undefined
  const agreement = (await hub.merchants.directory()).agreements.get(stored.agreement)
  if (!agreement) return waitsOn(hub, stored, now)
  const verdict = await hearAgain(hub, stored, agreement)
  return verdict === 'parked' || verdict === 'fault' ? waitsOn(hub, { ...stored, verdict }, now) : undefined
}

/** A kept message as it arrived. */
const arrivedAgain = (stored: MessageRow, agreement: AgreementRecord): Arrived => {
  const { method, url, headers, body, purpose, peer, at } = stored
  const message = { method, url, headers, body, receivedAt: at }
  return {
    channel: agreement.channel,
    agreement: agreement.id,
    address: purpose === 'back' ? 'back' : 'notice',
    message,
    peer,
  }
}

/** Reads a kept message by what is known and configured now, and hears what it says. Returns what it is now; `moved`: another run had it. */
const hearAgain = async (
  hub: Hub,
  stored: MessageRow,
  agreement: AgreementRecord,
): Promise<MessageRow['verdict'] | 'moved'> => {
  const { merchant, id } = stored
  const arrived = arrivedAgain(stored, agreement)
  const { said, verdict } = await readMessage(hub, arrived)
  if (verdict === 'fault') return 'fault'
  return hub.db.tx(async (tx) => {
    const row = await lockMessage(tx, merchant, id)
    if (row?.verdict !== stored.verdict) return 'moved'
    const addressed = row.attempt ? await attemptById(tx, merchant, row.attempt) : undefined
    const { named, lost } =
      verdict === 'trusted' ? await attemptsNamed(tx, agreement, said.readings, addressed) : NOBODY
    await hearNamed(hub, tx, merchant, named, { arrived, said, id: row.id })
    const now = lost.length > 0 ? 'parked' : verdict
    if (now === stored.verdict) return now
    const placing = { attempt: addressed ?? named[0]?.attempt, readings: said.readings }
    await placeMessage(tx, merchant, id, { ...placing, verdict: now })
    if (isWaiting(stored)) await noLongerWaits(hub, tx, stored, hub.clock.now())
    else if (now === 'parked')
      await hub.jobs.set(tx, [{ kind: PARKED, key: jobKey(merchant, id), runAt: hub.clock.now() }])
    return now
  })
}

type Parked = MessageRow & { readonly verdict: Waiting }
const isWaiting = (row: MessageRow): row is Parked => row.verdict === 'parked' || row.verdict === 'fault'

// ------------------------------------------------------------------------------------------------------------------ not believed

export type RereadWanted = {
  readonly agreement: string
  readonly from: Instant
  readonly to: Instant
  /** Only counts. */
  readonly dry: boolean
}
/** Messages that were not believed, and how many of them are, now. */
export type Reread = { readonly looked: number; readonly believed: number }

const PAGE = 100

/**
 * Reads what an agreement did not believe once more, by the keys and settings of now: a bank that had rolled its key unannounced may have
 * told of money and not tell again. Undefined: no such agreement.
 */
export const rereadUntrusted = async (
  hub: Hub,
  { agreement: id, from, to, dry }: RereadWanted,
): Promise<Reread | undefined> => {
  const agreement = (await hub.merchants.directory()).agreements.get(id)
  if (!agreement) return undefined
  let [looked, believed] = [0, 0]
  for (let after = { at: from, id: '' }; ; ) {
    const page = await untrustedMessages(hub.db, agreement.merchant, id, after, to, PAGE)
    for (const stored of page) {
      looked++
      const { verdict } = await readMessage(hub, arrivedAgain(stored, agreement))
      if (verdict !== 'trusted') continue
      if (!dry) await hearAgain(hub, stored, agreement)
      believed++
    }
    const last = page.at(-1)
    if (!last || page.length < PAGE) return { looked, believed }
    after = last
  }
}

// ------------------------------------------------------------------------------------------------------------------- for a person

/** One task for each agreement and kind, however many messages: a flood of them must not be a flood of tasks. */
export const TASK_OF = { parked: 'message_parked', fault: 'message_unread' } as const satisfies Record<Waiting, string>

/** After its hour a person is told, unless one has ruled since: that word was about this message too. */
const waitsOn = async (hub: Hub, row: Parked, now: Instant): Promise<Instant | undefined> => {
  const { merchant, agreement: subject } = row
  const kind = TASK_OF[row.verdict]
  const since = row.at + PERSON_AFTER_MS
  if (now >= since) {
    await hub.db.tx(async (tx) => {
      const ruledAt = await hub.tasks.lastRuled(tx, { merchant, subject }, kind)
      if (ruledAt !== undefined && ruledAt >= since) return
      await hub.tasks.set(tx, { merchant, subject }, [kind], [{ kind, part: '' }], BY_ITSELF, now)
    })
  }
  return tryNext(row, now)
}

/** A task whose last message has found its place ends with that. */
const noLongerWaits = async (hub: Hub, tx: Tx, row: Parked, now: Instant): Promise<void> => {
  const { merchant, agreement: subject, verdict } = row
  // Of several that find their place at once the last to commit must see the others.
  await lockWaiting(tx, merchant, subject)
  const left = await waitingMessages(tx, merchant, subject, verdict, now - PERSON_AFTER_MS, 1)
  const kind = TASK_OF[verdict]
  if (left.length === 0) await hub.tasks.set(tx, { merchant, subject }, [kind], [], BY_ITSELF, now)
}
