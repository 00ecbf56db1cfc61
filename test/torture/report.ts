import { parseFaults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { Receiver } from './receiver.ts'
import { shortfalls } from './shortfall.ts'
import type { Evidence, Verdict } from './verdict.ts'

/** What was done, what was counted, and what must be nothing. */
export type Report = {
  readonly faults: string
  readonly target: string
  readonly hubs: number
  readonly store: string
  readonly seed: number
  /** Until the last fault and the last payer were through, and in all. */
  readonly struckMs: number
  readonly tookMs: number
  readonly ledger: Ledger
  readonly receiver: Pick<Receiver, 'heard' | 'repeated' | 'longestWaitMs'>
  readonly orders: Evidence['orders']
  readonly verdict: Verdict
}

const BREACHES_SHOWN = 20

/** All that must not be. */
export const breachesOf = ({ faults, ledger, verdict }: Report): readonly string[] => [
  ...ledger.breaches,
  ...verdict.breaches,
  ...(ledger.created.size >= MANY && verdict.paidTwice === 0 ? ['nobody paid twice: nothing is shown of that'] : []),
  ...tooManyUntold(verdict),
  ...shortfalls(parseFaults(faults), ledger),
]

/** Of what was paid at banks that cannot be asked. */
const UNTOLD_AT_MOST = 0.1
/** In a short run chance has its say. */
const UNTOLD_ALWAYS = 3

/** Its messages found nobody: so often the hubs may be away, and no oftener. */
const tooManyUntold = ({ untold, unaskable }: Verdict): readonly string[] =>
  untold > UNTOLD_ALWAYS && untold > unaskable * UNTOLD_AT_MOST
    ? [`the hub was not told of ${untold} of ${unaskable} payments at banks that cannot be asked`]
    : []

/** Of so many payments some are paid at two banks. */
const MANY = 100

export const shown = (report: Report): string => {
  const { ledger, receiver, verdict, orders } = report
  const breaches = breachesOf(report)
  const rows: readonly (readonly [string, string | number])[] = [
    ...struck(ledger),
    ['all that took', seconds(report.struckMs)],
    ['and the way to the end', seconds(report.tookMs)],
    ['payments acknowledged', ledger.created.size],
    ['cancellings acknowledged', ledger.cancelled.size],
    ['orders at the banks', orders.length],
    ['payments executed', verdict.executed],
    ['paid, banks and hub alike', euros(verdict.inHub.paidMinor)],
    ['payers who paid at two banks', ledger.counts.paidAtBoth],
    ['paid twice, and flagged', verdict.paidTwice - verdict.paidTwiceUnseen],
    ['refunds acknowledged', ledger.refunds.size],
    ['asked of the bank', ledger.refundCalls.length],
    ['may not be repeated, in doubt', verdict.refundsInDoubt],
    ['paid back, both alike', euros(verdict.inHub.refundedMinor)],
    ['connections ended', ledger.counts.connectionsCut],
    ['answers to commits broken off', ledger.counts.commitsCut],
    ['jobs of the frozen succeeded', ledger.counts.succeeded],
    ['and their own runs fenced', ledger.counts.fenced],
    ['notices heard first', receiver.heard.size],
    ['notices heard again', receiver.repeated.count],
    ['longest wait of a notice', seconds(receiver.longestWaitMs.ms)],
    ['paid where nobody can ask', verdict.unaskable],
    ['untold there', verdict.untold],
    ['PAYMENTS LOST', verdict.paymentsLost],
    ['PAID TWICE, UNSEEN', verdict.paidTwiceUnseen],
    ['NOTICES LOST', verdict.noticesLost],
    ['BREACHES', breaches.length],
  ]
  const more = breaches.length - BREACHES_SHOWN
  return [
    `${report.faults}: ${report.hubs} hubs, ${report.store} PostgreSQL, kills of ${report.target}, seed ${report.seed}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(30)}${String(value).padStart(12)}`),
    `  ${'until served again'.padEnd(30)}${['times', 'p50', 'p99', 'max'].map((name) => name.padStart(8)).join('')}`,
    ...[...ledger.recoveriesMs].sort().map(([what, times]) => `  ${what.padEnd(30)}${spread(times)}`),
    ...breaches.slice(0, BREACHES_SHOWN).map((breach) => `  ! ${breach}`),
    ...(more > 0 ? [`  ! and ${more} more`] : []),
  ].join('\n')
}

/** How often each was done. Only who bears load is killed, unless it is rising. */
const struck = ({ strikes }: Ledger): readonly (readonly [string, number])[] => {
  const times = new Map<string, number>()
  for (const { what } of strikes) times.set(what, (times.get(what) ?? 0) + 1)
  return [...times].sort()
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const euros = (minor: number): string => (minor / 100).toFixed(2)

/** How many, median, 99 of 100, longest. */
const spread = (times: readonly number[]): string => {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): string => seconds(sorted[Math.ceil(sorted.length * share) - 1] ?? 0)
  return [String(sorted.length), at(0.5), at(0.99), at(1)].map((text) => text.padStart(8)).join('')
}
