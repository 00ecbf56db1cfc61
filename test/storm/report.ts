/** What was counted. */
export type Report = {
  readonly copies: number
  readonly duels: number
  readonly rounds: number
  readonly seed: number
  readonly store: 'embedded' | 'postgres'
  /** Answers to equal requests that asked for patience, by code. */
  readonly patience: ReadonlyMap<string, number>
  /** Equal creates that found an equal one at work. */
  readonly met: number
  /** How many were told that their reference is taken. */
  readonly told: number
  /** Where a begin and a cancel met: which came first. */
  readonly cancelledFirst: number
  readonly begunFirst: number
  /** Where choices of banks led. */
  readonly choices: readonly string[]
  readonly attempts: number
  /** Answers to cancels. */
  readonly cancels: readonly number[]
  readonly executed: number
  readonly paidTwice: number
  readonly refunds: number
  readonly refundsRefused: number
  readonly refundedMinor: number
  readonly events: number
  readonly breaches: readonly string[]
}

/** What a storm did not come to, so that no law was tried by it: a storm in which nothing met proves nothing. */
export const idleIn = (report: Report): readonly string[] => {
  const { copies, duels, rounds } = report
  const came: readonly (readonly [number, number, string])[] = [
    [copies, report.met, 'no equal create met another at work'],
    [copies, report.told, 'nobody was told that a reference is taken'],
    [duels, report.cancelledFirst, 'no cancel came before a begin'],
    [duels, report.begunFirst, 'no begin came before a cancel'],
    [rounds, report.executed, 'nothing was paid'],
    [rounds, report.paidTwice, 'nothing was paid twice'],
    [rounds, report.refunds, 'nothing was paid back'],
  ]
  return came.filter(([asked, met]) => asked > 0 && met === 0).map(([, , what]) => what)
}

const BREACHES_SHOWN = 20

const counted = (values: readonly (string | number)[]): string => {
  const counts = new Map<string | number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([value, count]) => `${count} ${value}`).join(', ') || '0'
}

export const shown = (report: Report): string => {
  const patience = [...report.patience].map(([code, count]) => `${count} ${code}`).join(', ') || 'none'
  const rows: readonly (readonly [string, string | number])[] = [
    ['equal creates at once', report.copies],
    ['of which met an equal one at work', report.met],
    ['told to repeat', patience],
    ['told that the reference is taken', report.told],
    ['begun and cancelled at once', report.duels],
    ['the cancel came first', report.cancelledFirst],
    ['the begin came first', report.begunFirst],
    ['payments raced for', report.rounds],
    ['choices of a bank, led to', counted(report.choices)],
    ['attempts made of them', report.attempts],
    ['cancels, answered', counted(report.cancels)],
    ['executed', report.executed],
    ['paid twice, each with its flag', report.paidTwice],
    ['refunds', report.refunds],
    ['refunds refused', report.refundsRefused],
    ['paid back', (report.refundedMinor / 100).toFixed(2)],
    ['events', report.events],
    ['BREACHES', report.breaches.length],
  ]
  const more = report.breaches.length - BREACHES_SHOWN
  return [
    `storms on two hubs and one ${report.store} PostgreSQL, seed ${report.seed}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(34)}${value}`),
    ...report.breaches.slice(0, BREACHES_SHOWN).map((breach) => `  ! ${breach}`),
    ...(more > 0 ? [`  ! and ${more} more`] : []),
    ...idleIn(report).map((what) => `  ? ${what}`),
  ].join('\n')
}
