import type { EventId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Queryable } from '../platform/db/db.ts'

/** One thing an e-service must hear. Fixed when written; at most 20 kB as JSON. */
export type HubEvent = {
  readonly id: EventId
  readonly merchant: string
  readonly eService: string
  /** What it is about: a payment's id. First acknowledged deliveries of one subject are in order of `sequence`. */
  readonly subject: string
  /** 1, 2, 3 … within the subject, without a gap. */
  readonly sequence: number
  readonly type: string
  readonly at: Instant
  /** The notice's `data`. */
  readonly data: unknown
  /** W3C Trace Context of what made it, where somebody traces. */
  readonly traceparent?: string | undefined
}

/** The door of `notices`, as other modules see it. */
export type Notices = {
  /** Writes events in the caller's transaction; deliveries follow by themselves after commit. */
  append(tx: Queryable, events: readonly HubEvent[]): Promise<void>
  /** The feed of one e-service: every event once, each subject's in order. The cursor is opaque; `more` says whether to ask again at once. */
  feed(eService: string, after: string | undefined, limit: number): Promise<FeedPage | 'bad_cursor'>
  ofSubject(eService: string, subject: string): Promise<readonly StoredEvent[]>
  redeliver(eService: string, event: EventId): Promise<'queued' | 'unknown_event' | 'no_address'>
  /** Makes the addresses of an e-service these, in the caller's transaction; new ones get keys, missing ones are disabled. */
  setAddresses(tx: Queryable, merchant: string, eService: string, urls: readonly string[], now: Instant): Promise<void>
  addresses(eService: string): Promise<readonly NoticeAddress[]>
  /** New keys; the former ones sign beside them for 24 h. */
  rotate(eService: string, now: Instant): Promise<void>
  /** Leaves out so many places of the feed: after a restore, cursors may point behind its end. */
  pass(count: number): Promise<void>
  /** Every delivery of one event with its answer, newest first. */
  deliveries(event: EventId): Promise<readonly Delivery[]>
}

export type NoticeAddress = {
  readonly url: string
  readonly disabled: boolean
  /** `whsec_…`, of the newest key. */
  readonly secret: string
  /** `whpk_…`, of the newest key. */
  readonly publicKey: string
}

export type StoredEvent = HubEvent & { readonly body: string }
export type FeedPage = { readonly events: readonly StoredEvent[]; readonly cursor: string; readonly more: boolean }
export type Delivery = {
  readonly url: string
  readonly at: Instant
  readonly status: number | undefined
  readonly answer: string
  readonly tookMs: number
}
