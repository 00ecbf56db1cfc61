import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { Tx } from '../platform/db/db.ts'
import { BY_ITSELF } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { type Arrived, attemptsNamed, hearNamed, NOBODY, readMessage } from './inbox.ts'
import {
  attemptById,
  lockMessage,
  lockWaiting,
  type MessageRow,
  messageById,
  placeMessage,
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
  const { method, url, headers, body, purpose, peer } = stored
  const message = { method, url, headers, body, receivedAt: stored.at }
  const address = purpose === 'back' ? 'back' : 'notice'
  const arrived: Arrived = { channel: agreement.channel, agreement: agreement.id, address, message, peer }
  const { said, verdict } = await readMessage(hub, arrived)
  if (verdict === 'fault') return waitsOn(hub, stored, now)
  const left = await hub.db.tx(async (tx): Promise<Parked | undefined> => {
    const row = await lockMessage(tx, merchant, id)
    if (row?.verdict !== stored.verdict) return undefined
    const addressed = row.attempt ? await attemptById(tx, merchant, row.attempt) : undefined
    const { named, lost } =
      verdict === 'trusted' ? await attemptsNamed(tx, agreement, said.readings, addressed) : NOBODY
    const parked = lost.length > 0
    await hearNamed(hub, tx, merchant, named, { arrived, said, id: row.id })
    if (parked && stored.verdict === 'parked') return stored
    // It can be read by now, and is of nobody here.
    const placing = { attempt: addressed ?? named[0]?.attempt, readings: said.readings }
    await placeMessage(tx, merchant, id, { ...placing, verdict: parked ? 'parked' : verdict })
    await noLongerWaits(hub, tx, stored, now)
    return parked ? { ...stored, verdict: 'parked' } : undefined
  })
  return left && waitsOn(hub, left, now)
}

type Parked = MessageRow & { readonly verdict: Waiting }
const isWaiting = (row: MessageRow): row is Parked => row.verdict === 'parked' || row.verdict === 'fault'

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
