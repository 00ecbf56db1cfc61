import type { Counts } from './balancer.ts'

/** What was counted. */
export type Report = {
  readonly store: 'embedded' | 'postgres'
  readonly firstReadyMs: number
  /** This release's migrations included. */
  readonly newerReadyMs: number
  /** Of an answer, under the same load. */
  readonly longestBeforeMs: number
  readonly longestWhileMigratingMs: number
  /** For how long somebody who reads or writes rows was seen to wait for a table that a migration held. */
  readonly longestLockMs: number
  readonly olderGoneMs: number
  readonly olderBackMs: number
  readonly newerGoneMs: number
  readonly balancer: Counts
  readonly answered: { readonly older: number; readonly newer: number }
  /** Payments' pages and attempts' messages that each of the two was asked for, and answered well. */
  readonly answeredByBoth: { readonly pages: number; readonly attempts: number }
  /** From 400 to 499, where one release alone would not answer so. */
  readonly wronglyTurnedAway: readonly string[]
  readonly acknowledged: number
  readonly executed: number
  readonly untold: number
  readonly refunds: number
  readonly noticesHeard: number
  readonly noticesRepeated: number
  readonly paymentsLost: number
  readonly noticesLost: number
  readonly breaches: readonly string[]
}

const SHOWN = 20

export const shown = (report: Report): string => {
  const { balancer } = report
  const rows: readonly (readonly [string, string | number])[] = [
    ['this release ready, migrations included', seconds(report.newerReadyMs)],
    ['longest answer meanwhile', seconds(report.longestWhileMigratingMs)],
    ['longest answer before', seconds(report.longestBeforeMs)],
    ['longest wait for a table meanwhile', seconds(report.longestLockMs)],
    ['the one before stopped', seconds(report.olderGoneMs)],
    ['the one before ready again', seconds(report.olderBackMs)],
    ['this release stopped, drained', seconds(report.newerGoneMs)],
    ['requests', balancer.requests],
    ['answered by the release before', report.answered.older],
    ['answered by this release', report.answered.newer],
    ['payments’ pages shown by both', report.answeredByBoth.pages],
    ['attempts told to both', report.answeredByBoth.attempts],
    ['passed on, a hub taking no more', balancer.passedOn],
    ['turned away, as one release would', balancer.turnedAway.length - report.wronglyTurnedAway.length],
    ['payments acknowledged', report.acknowledged],
    ['payments executed', report.executed],
    ['refunds acknowledged', report.refunds],
    ['notices heard first', report.noticesHeard],
    ['notices heard again', report.noticesRepeated],
    ['untold, and cannot be asked', report.untold],
    ['REQUESTS FAILED', balancer.failed.length],
    ['TURNED AWAY WRONGLY', report.wronglyTurnedAway.length],
    ['PAYMENTS LOST', report.paymentsLost],
    ['NOTICES LOST', report.noticesLost],
    ['BREACHES', report.breaches.length],
  ]
  const faults = [...balancer.failed, ...report.wronglyTurnedAway, ...report.breaches]
  return [
    `the release before and this one side by side, ${report.store} PostgreSQL`,
    ...rows.map(([name, value]) => `  ${name.padEnd(42)}${String(value).padStart(8)}`),
    ...faults.slice(0, SHOWN).map((fault) => `  ! ${fault}`),
    ...(faults.length > SHOWN ? [`  ! and ${faults.length - SHOWN} more`] : []),
  ].join('\n')
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
