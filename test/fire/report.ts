import { KINDS, type Kind } from './addresses.ts'
import type { KeyCounts } from './keyring.ts'
import { eventKey, type Heard, type Ledger, RETRY_AFTER_MS } from './ledger.ts'

/** What was measured. */
export type Report = {
  readonly eServices: Readonly<Record<Kind, number>>
  readonly rate: number
  readonly seconds: number
  readonly store: string
  readonly processes: number
  readonly seed: number
  readonly calm: boolean
  readonly payments: number
  readonly events: number
  /** Notices by the kind of the address that took them; those of `healthy` are measured. */
  readonly heard: Readonly<Record<Kind, number>>
  readonly repeated: number
  /** From when the call was answered that made the event; what came before is 0. */
  readonly sinceAnswer: Spread
  /** From the event's own time, so with what came before its commit; without the payments that a kill befell. Held to the limit. */
  readonly sinceEvent: Spread
  /** The same with them: while no hub is there, everybody waits. */
  readonly sinceEventOfAll: Spread
  readonly limitMs: number
  /** From the kill until the hub served again. */
  readonly awayMs: number
  /** Of notices to those who changed their keys. */
  readonly keys: KeyCounts
  /** Events that an operator had sent once more. */
  readonly replayed: number
  /** Notices that came to each that answers 410. */
  readonly toGone: readonly number[]
  /** When what was put off came again. */
  readonly putOffMs: readonly number[]
  /** How far the program that orders was behind its own rate at most. */
  readonly behindMs: number
  readonly costs: Costs
  readonly breaches: readonly string[]
}

/** Milliseconds. */
export type Spread = {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  readonly slowest: string
}

/** Of the hubs while the load lasted, payments included; a commit is any transaction, those that only read too. */
export type Costs = { readonly sendings: number; readonly commits: number }

type Timed = { readonly ms: number; readonly what: string }

export const spreadOf = (timed: readonly Timed[]): Spread => {
  const sorted = [...timed].sort((a, b) => a.ms - b.ms)
  const at = (part: number): Timed | undefined => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  const last = at(1)
  return {
    count: sorted.length,
    p50: at(0.5)?.ms ?? 0,
    p99: at(0.99)?.ms ?? 0,
    longest: last?.ms ?? 0,
    slowest: last?.what ?? 'none',
  }
}

/** Until the hub that came back is warm. */
const AFTER_KILL_MS = 5_000

/** Payments of which a notice was on its way while a hub was killed and came back: what a dead hub had claimed waits for its lease to end, and holds back what follows it. */
const befallen = ({ heard, strikes }: Ledger): ReadonlySet<string> =>
  new Set(
    [...heard.values()]
      .filter(({ at, sinceEventMs }) =>
        strikes.some(({ from, to }) => at > from && at - sinceEventMs < to + AFTER_KILL_MS),
      )
      .map(({ payment }) => payment),
  )

/** Fewer do not tell what one in a hundred waits. */
const FEWEST_MEASURED = 100

/** Empty: the healthy do not wait for the others. */
export const lateness = ({ count, p99, slowest }: Spread, limitMs: number): readonly string[] => [
  ...(count < FEWEST_MEASURED ? [`${count} first deliveries were measured, too few: let it last longer`] : []),
  ...(p99 <= limitMs
    ? []
    : [`one in a hundred waited ${Math.round(p99)} ms or more, and ${limitMs} is the limit; the longest: ${slowest}`]),
]

/** Of notices to healthy addresses, each the first time it came. */
export const delaysOf = (ledger: Ledger): Pick<Report, 'sinceAnswer' | 'sinceEvent' | 'sinceEventOfAll'> => {
  const apart = befallen(ledger)
  const measured = [...ledger.heard.values()].filter(({ kind }) => kind === 'healthy')
  const undisturbed = measured.filter(({ payment }) => !apart.has(payment))
  const what = ({ eService, payment, sequence }: Heard) => `${eService}, event ${sequence} of ${payment}`
  const since = (some: readonly Heard[]) => spreadOf(some.map((one) => ({ ms: one.sinceEventMs, what: what(one) })))
  const answeredAt = ({ payment, sequence, at }: Heard) => ledger.answered.get(eventKey(payment, sequence))?.at ?? at
  return {
    sinceAnswer: spreadOf(undisturbed.map((one) => ({ ms: Math.max(0, one.at - answeredAt(one)), what: what(one) }))),
    sinceEvent: since(undisturbed),
    sinceEventOfAll: since(measured),
  }
}

export const countByKind = (kinds: readonly Kind[]): Readonly<Record<Kind, number>> => {
  const counts: Record<Kind, number> = { healthy: 0, refused: 0, deaf: 0, slow: 0, flapping: 0, gone: 0, busy: 0 }
  for (const kind of kinds) counts[kind]++
  return counts
}

type Row = readonly [string, string | number]

const milliseconds = ({ p50, p99, longest }: Spread): string =>
  [p50, p99, longest].map((ms) => `${Math.round(ms)}`).join(' / ')

/** What befell the hub, and what it cost. */
const disturbed = ({ sinceEvent, sinceEventOfAll, awayMs, keys, replayed }: Report): readonly Row[] => [
  [`  with ${sinceEventOfAll.count - sinceEvent.count} more, beside the kill`, milliseconds(sinceEventOfAll)],
  ['killed hub served after, ms', awayMs],
  ['signed with old and new keys', keys.both],
  ['  with the new alone', keys.newAlone],
  ['sent once more by range', replayed],
]

const BREACHES_SHOWN = 20

export const shown = (report: Report): string => {
  const { eServices, heard, costs, toGone, putOffMs } = report
  const rows: readonly Row[] = [
    ['e-services', Object.values(eServices).reduce((sum, one) => sum + one, 0)],
    ...KINDS.map((kind) => [`  ${kind}: notices taken`, `${eServices[kind]}: ${heard[kind]}`] as const),
    ['payments, events', `${report.payments}, ${report.events}`],
    ['came again', report.repeated],
    ['p50 / p99 / longest, ms', ''],
    ['  since the call was answered', milliseconds(report.sinceAnswer)],
    [`  since the event, limit ${report.limitMs}`, milliseconds(report.sinceEvent)],
    ...(report.calm ? [] : disturbed(report)),
    ['signatures refused', report.keys.refused],
    ['answered 410, most of one', Math.max(0, ...toGone)],
    [`Retry-After ${RETRY_AFTER_MS} ms: earliest`, Math.round(Math.min(...putOffMs))],
    ['behind the rate, ms', report.behindMs],
    ['sendings, commits', `${costs.sendings}, ${costs.commits}`],
    ['commits for each payment', (costs.commits / Math.max(1, report.payments)).toFixed(1)],
    ['BREACHES', report.breaches.length],
  ]
  const more = report.breaches.length - BREACHES_SHOWN
  return [
    `notices under fire: ${report.rate} payments/s for ${report.seconds} s, ${report.processes} hub(s), ${report.store} PostgreSQL, seed ${report.seed}${report.calm ? ', calm' : ''}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(32)}${String(value).padStart(16)}`),
    `  slowest: ${report.sinceEvent.slowest}`,
    ...report.breaches.slice(0, BREACHES_SHOWN).map((breach) => `  ! ${breach}`),
    ...(more > 0 ? [`  ! and ${more} more`] : []),
  ].join('\n')
}
