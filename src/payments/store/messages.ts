import type { Reading } from '../../channels/channel.ts'
import type { MessageId, PaymentId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { at, type Queryable, statement } from '../../platform/db/db.ts'
import type { AttemptRow } from './attempts.ts'

/** What came from PSPs and what went to them, raw. */

export type MessageRow = {
  readonly merchant: string
  readonly id: MessageId
  readonly agreement: string
  readonly payment: PaymentId | null
  readonly attempt: string | null
  readonly direction: 'in' | 'out'
  readonly purpose: 'back' | 'notice' | 'begin' | 'enquire' | 'refund'
  readonly at: Instant
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly peer: string
  readonly status: number | null
  readonly readings: readonly Reading[]
  readonly verdict: 'trusted' | 'untrusted' | 'parked' | 'fault' | 'sent'
}

const INSERT_MESSAGE = statement(
  'payments.insert-message',
  `insert into payments.message (merchant, id, agreement, payment, attempt, direction, purpose, at, method, url, headers, body, peer,
     status, readings, verdict)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing`,
)
export const insertMessage = async (tx: Queryable, message: MessageRow): Promise<void> => {
  await tx.query(INSERT_MESSAGE, [
    message.merchant,
    message.id,
    message.agreement,
    message.payment,
    message.attempt,
    message.direction,
    message.purpose,
    at(message.at),
    message.method,
    message.url,
    JSON.stringify(message.headers),
    Buffer.from(message.body),
    message.peer,
    message.status,
    JSON.stringify(message.readings),
    message.verdict,
  ])
}

const MESSAGE = `select merchant, id, agreement, payment, attempt, direction, purpose, at, method, url, headers, body, peer, status,
  readings, verdict from payments.message`
const MESSAGE_BY_ID = statement<MessageRow>('payments.message-by-id', `${MESSAGE} where merchant = $1 and id = $2`)
const LOCK_MESSAGE = statement<MessageRow>('payments.lock-message', `${MESSAGE_BY_ID.text} for update`)
const MESSAGES_OF = statement<MessageRow>(
  'payments.messages-of',
  `${MESSAGE} where merchant = $1 and payment = $2 order by at, id limit 500`,
)
export const messageById = async (db: Queryable, merchant: string, id: string) =>
  (await db.query(MESSAGE_BY_ID, [merchant, id]))[0]
export const lockMessage = async (tx: Queryable, merchant: string, id: string) =>
  (await tx.query(LOCK_MESSAGE, [merchant, id]))[0]
export const messagesOf = (db: Queryable, merchant: string, payment: string) =>
  db.query(MESSAGES_OF, [merchant, payment])

const PLACE_MESSAGE = statement(
  'payments.place-message',
  `update payments.message set payment = coalesce($3, payment), attempt = coalesce($4, attempt), verdict = $5, readings = $6
   where merchant = $1 and id = $2`,
)
/** What a message turned out to be that could not be placed, or not read, when it came. */
export const placeMessage = async (
  tx: Queryable,
  merchant: string,
  id: string,
  {
    attempt,
    verdict,
    readings,
  }: Pick<MessageRow, 'verdict' | 'readings'> & { readonly attempt: AttemptRow | undefined },
): Promise<void> => {
  await tx.query(PLACE_MESSAGE, [
    merchant,
    id,
    attempt?.payment ?? null,
    attempt?.id ?? null,
    verdict,
    JSON.stringify(readings),
  ])
}

/** What waits: of an attempt that is not known, or could not be read. */
export type Waiting = Extract<MessageRow['verdict'], 'parked' | 'fault'>
const WAITING = statement<Pick<MessageRow, 'id' | 'at' | 'purpose' | 'readings'>>(
  'payments.waiting-messages',
  `select id, at, purpose, readings from payments.message
   where verdict in ('parked', 'fault') and merchant = $1 and agreement = $2 and verdict = $3 and at <= $4 order by at, id limit $5`,
)
/** Those that came no later than then, oldest first. */
export const waitingMessages = (
  db: Queryable,
  merchant: string,
  agreement: string,
  verdict: Waiting,
  cameBy: Instant,
  limit: number,
) => db.query(WAITING, [merchant, agreement, verdict, at(cameBy), limit])

const UNTRUSTED = statement<MessageRow>(
  'payments.untrusted-messages',
  `${MESSAGE} where merchant = $1 and agreement = $2 and at >= $3 and (at, id) > ($3, $4) and at < $5 and direction = 'in'
     and verdict = 'untrusted' order by at, id limit $6`,
)
/** What was not believed, oldest first, after that one. */
export const untrustedMessages = (
  db: Queryable,
  merchant: string,
  agreement: string,
  after: { readonly at: Instant; readonly id: string },
  to: Instant,
  limit: number,
) => db.query(UNTRUSTED, [merchant, agreement, at(after.at), after.id, at(to), limit])

const LOCK_WAITING = statement(
  'payments.lock-waiting',
  `select pg_advisory_xact_lock(hashtextextended('payments.waiting/' || $1 || '/' || $2, 0))`,
)
/** Until the transaction's end nobody else looks what is left waiting at the agreement. */
export const lockWaiting = async (tx: Queryable, merchant: string, agreement: string): Promise<void> => {
  await tx.query(LOCK_WAITING, [merchant, agreement])
}
