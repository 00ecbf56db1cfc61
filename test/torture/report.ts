/** What was counted. */
export type Report = {
  readonly kills: number
  readonly target: 'hub' | 'database'
  readonly store: 'embedded' | 'postgres'
  readonly seed: number
  readonly created: number
  readonly cancelled: number
  readonly ordersAtBanks: number
  readonly executed: number
  readonly untold: number
  readonly noticesHeard: number
  readonly noticesRepeated: number
  readonly longestWaitMs: number
  readonly paymentsLost: number
  readonly noticesLost: number
  readonly recoveriesMs: readonly number[]
  readonly breaches: readonly string[]
}

const BREACHES_SHOWN = 20

export const shown = (report: Report): string => {
  const sorted = [...report.recoveriesMs].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const rows: readonly (readonly [string, string | number])[] = [
    ['kills', report.kills],
    ['payments acknowledged', report.created],
    ['cancellings acknowledged', report.cancelled],
    ['orders at the banks', report.ordersAtBanks],
    ['payments executed', report.executed],
    ['notices heard first', report.noticesHeard],
    ['notices heard again', report.noticesRepeated],
    ['longest wait of a notice', seconds(report.longestWaitMs)],
    ['outages, median and longest', `${sorted.length}: ${seconds(median)}, ${seconds(sorted.at(-1) ?? 0)}`],
    ['untold, and cannot be asked', report.untold],
    ['PAYMENTS LOST', report.paymentsLost],
    ['NOTICES LOST', report.noticesLost],
    ['BREACHES', report.breaches.length],
  ]
  const head = `kill -9 of the ${report.target}, ${report.store} PostgreSQL, seed ${report.seed}`
  const more = report.breaches.length - BREACHES_SHOWN
  return [
    head,
    ...rows.map(([name, value]) => `  ${name.padEnd(30)}${String(value).padStart(8)}`),
    ...report.breaches.slice(0, BREACHES_SHOWN).map((breach) => `  ! ${breach}`),
    ...(more > 0 ? [`  ! and ${more} more`] : []),
  ].join('\n')
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
