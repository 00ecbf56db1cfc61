import type { ListedChannel, Reply } from '../channels/channel.ts'
import type { Random } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import type { Merchants } from '../merchants/index.ts'
import type { Notices } from '../notices/index.ts'
import type { Sealer } from '../platform/crypto/index.ts'
import type { Db } from '../platform/db/db.ts'
import type { Jobs } from '../platform/jobs/jobs.ts'
import type { Mailer } from '../platform/mail/mail.ts'
import type { Meters } from '../platform/metrics.ts'
import type { Traces } from '../platform/traces.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Health } from './health.ts'
import type { Numbers } from './numbers.ts'

/** What the payments module works with; everything that acts or knows the present is handed in. */
export type Hub = {
  readonly db: Db
  readonly jobs: Jobs
  readonly merchants: Merchants
  readonly notices: Notices
  readonly tasks: Tasks
  readonly channels: readonly ListedChannel[]
  readonly numbers: Numbers
  readonly health: Health
  readonly send: Send
  /** Undefined: letters cannot be sent. */
  readonly mailer: Mailer | undefined
  readonly clock: Clock
  readonly random: Random
  /** Where payers and PSPs reach the hub, without a slash at the end. */
  readonly publicUrl: string
  /** `live` hubs serve live e-services only, `test` hubs test ones. */
  readonly mode: 'test' | 'live'
  readonly sealer: Sealer
  /** A fault that concerns no caller: said once, in the log, with masked details. */
  readonly warn: (what: string, details: Readonly<Record<string, unknown>>) => void
  /** Counts and times what operators watch. */
  readonly count: Meters['count']
  readonly observe: Meters['observe']
  readonly traces: Traces
}

/** One outbound call: surely answered, surely not sent, or unknown. */
export type Send = (request: {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly client?: { readonly certificate: string; readonly privateKey: string }
}) => Promise<
  | { readonly kind: 'answered'; readonly reply: Reply }
  | { readonly kind: 'not_sent'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }
>
