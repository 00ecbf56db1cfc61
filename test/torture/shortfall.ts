import { FAULTS, type Fault, type FaultCounts } from './faults.ts'
import type { Ledger } from './ledger.ts'

/** How each fault is noted when it is done: once, by one of these. */
const NOTED: Readonly<Record<Fault, readonly string[]>> = {
  kill: ['hub killed', 'database killed'],
  stop: ['database stopped'],
  cut: ['connections cut', 'commits cut'],
  freeze: ['hub frozen'],
  full: ['disk full'],
  failover: ['failed over'],
}

/** What was planned and not done, or done and met nothing: a run that is right for want of faults shows nothing. Pure. */
export const shortfalls = (
  planned: FaultCounts,
  { strikes, counts }: Pick<Ledger, 'strikes' | 'counts'>,
): readonly string[] => {
  const done = (...names: readonly string[]): number => strikes.filter(({ what }) => names.includes(what)).length
  const undone = FAULTS.flatMap((fault) => {
    const times = done(...NOTED[fault])
    const wanted = planned[fault] ?? 0
    return times === wanted ? [] : [`${fault} was planned ${wanted} times and done ${times} times`]
  })
  const inVain = [
    ['connections cut', counts.connectionsCut],
    ['commits cut', counts.commitsCut],
  ] as const
  return [
    ...undone,
    ...inVain.flatMap(([name, met]) => (met >= done(name) ? [] : [`${name} ${done(name)} times, and ${met} were`])),
  ]
}
