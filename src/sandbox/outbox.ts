import type { SentMessage } from '../channels/simulator.ts'
import type { Instant } from '../kernel/time.ts'
import type { MovingClock } from './clock.ts'

/** How a message leaves; the platform's outbound client fits. */
export type Send = (request: {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
  readonly maxBytes: number
}) => Promise<
  | { readonly kind: 'answered'; readonly reply: { readonly status: number; readonly body: Uint8Array } }
  | { readonly kind: 'not_sent' | 'unknown'; readonly why: string }
>

/** One message that left a bank, for the tester. */
export type SentRecord = {
  readonly at: Instant
  readonly channel: string
  /** Where a person decided about it. */
  readonly order?: string
  readonly method: string
  readonly url: string
  readonly body: string
  readonly attempt: number
  /** What came back: a status, or why nothing did. */
  readonly answer: number | string
}

export type Outbox = {
  put(channel: string, order: string | undefined, messages: readonly SentMessage[]): void
  /** The last ones, newest first. */
  sent(): readonly SentRecord[]
}

const TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 65_536
const KEPT = 500

type From = Pick<SentRecord, 'channel' | 'order'>

const tells = ({ channel }: From) => ({ what: 'bank', about: channel })

/** Sends at its time what the banks want sent, again until HTTP 200 where the bank repeats, and then what waited for that. */
export const openOutbox = (clock: MovingClock, send: Send): Outbox => {
  let records: readonly SentRecord[] = []

  const put = (from: From, messages: readonly SentMessage[]): void => {
    for (const message of messages)
      clock.at(clock.now() + message.afterMs, () => deliver(from, message, 1), tells(from))
  }

  const deliver = async (from: From, message: SentMessage, attempt: number): Promise<void> => {
    const { method, url, headers, body, repeat, onceTaken = [] } = message
    const outcome = await send({
      method,
      url,
      headers,
      ...(method === 'POST' ? { body } : {}),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    }).catch((error: unknown) => ({ kind: 'unknown' as const, why: String(error) }))
    const answer = outcome.kind === 'answered' ? outcome.reply.status : outcome.why
    const text = new TextDecoder().decode(body)
    records = [{ ...from, at: clock.now(), method, url, body: text, attempt, answer }, ...records].slice(0, KEPT)
    if (answer === 200) put(from, onceTaken)
    else if (repeat && attempt <= repeat.times) {
      clock.at(clock.now() + repeat.everyMs, () => deliver(from, message, attempt + 1), tells(from))
    }
  }

  return {
    put: (channel, order, messages) => put({ channel, ...(order === undefined ? {} : { order }) }, messages),
    sent: () => records,
  }
}
