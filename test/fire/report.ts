import { KINDS, type Kind } from './addresses.ts'
import { eventKey, type Ledger } from './ledger.ts'

/** What was measured. */
export type Report = {
  readonly eServices: Readonly<Record<Kind, number>>
  readonly rate: number
  readonly seconds: number
  readonly store: string
  readonly processes: number
  readonly seed: number
  readonly payments: number
  readonly events: number
  /** Notices by the kind of the address that took them; those of `healthy` are measured. */
  readonly heard: Readonly<Record<Kind, number>>
  readonly repeated: number
  /** From when the call was answered that made the event; what came before is 0. */
  readonly sinceAnswer: Spread
  /** From the event's own time, so with what came before its commit. */
  readonly sinceEvent: Spread
  /** How far the program that orders was behind its own rate at most. */
  readonly behindMs: number
  readonly costs: Costs
  readonly breaches: readonly string[]
}

/** Milliseconds. */
export type Spread = { readonly p50: number; readonly p99: number; readonly longest: number; readonly slowest: string }

/** Of the hubs while the load lasted, payments included; a commit is any transaction, those that only read too. */
export type Costs = { readonly sendings: number; readonly commits: number }

type Timed = { readonly ms: number; readonly what: string }

export const spreadOf = (timed: readonly Timed[]): Spread => {
  const sorted = [...timed].sort((a, b) => a.ms - b.ms)
  const at = (part: number): Timed | undefined => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  const last = at(1)
  return { p50: at(0.5)?.ms ?? 0, p99: at(0.99)?.ms ?? 0, longest: last?.ms ?? 0, slowest: last?.what ?? 'none' }
}

/** Of notices to healthy addresses, each the first time it came. */
export const delaysOf = ({ heard, answered }: Ledger): Pick<Report, 'sinceAnswer' | 'sinceEvent'> => {
  const measured = [...heard.values()].filter(({ kind }) => kind === 'healthy')
  const what = (eService: string, payment: string, sequence: number) => `${eService}, event ${sequence} of ${payment}`
  return {
    sinceAnswer: spreadOf(
      measured.map(({ eService, payment, sequence, at }) => ({
        ms: Math.max(0, at - (answered.get(eventKey(payment, sequence))?.at ?? at)),
        what: what(eService, payment, sequence),
      })),
    ),
    sinceEvent: spreadOf(
      measured.map(({ eService, payment, sequence, sinceEventMs }) => ({
        ms: sinceEventMs,
        what: what(eService, payment, sequence),
      })),
    ),
  }
}

export const countByKind = (kinds: readonly Kind[]): Readonly<Record<Kind, number>> => {
  const counts: Record<Kind, number> = { healthy: 0, refused: 0, deaf: 0, slow: 0, flapping: 0 }
  for (const kind of kinds) counts[kind]++
  return counts
}

const BREACHES_SHOWN = 20

export const shown = (report: Report): string => {
  const { eServices, heard, costs } = report
  const spread = ({ p50, p99, longest }: Spread) => [p50, p99, longest].map((ms) => `${Math.round(ms)}`).join(' / ')
  const rows: readonly (readonly [string, string | number])[] = [
    ['e-services', Object.values(eServices).reduce((sum, one) => sum + one, 0)],
    ...KINDS.map((kind) => [`  ${kind}: notices taken`, `${eServices[kind]}: ${heard[kind]}`] as const),
    ['payments, events', `${report.payments}, ${report.events}`],
    ['came again', report.repeated],
    ['p50 / p99 / longest, ms', ''],
    ['  since the call was answered', spread(report.sinceAnswer)],
    ['  since the event was written', spread(report.sinceEvent)],
    ['behind the rate, ms', report.behindMs],
    ['sendings, commits', `${costs.sendings}, ${costs.commits}`],
    ['commits for each payment', (costs.commits / Math.max(1, report.payments)).toFixed(1)],
    ['BREACHES', report.breaches.length],
  ]
  const more = report.breaches.length - BREACHES_SHOWN
  return [
    `notices under fire: ${report.rate} payments/s for ${report.seconds} s, ${report.processes} hub(s), ${report.store} PostgreSQL, seed ${report.seed}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(32)}${String(value).padStart(16)}`),
    `  slowest: ${report.sinceEvent.slowest}`,
    ...report.breaches.slice(0, BREACHES_SHOWN).map((breach) => `  ! ${breach}`),
    ...(more > 0 ? [`  ! and ${more} more`] : []),
  ].join('\n')
}
