import type { Chance } from './chance.ts'

/** What can be done to hubs and their database, as data. */

export const FAULTS = ['kill', 'stop', 'cut', 'freeze', 'full', 'failover'] as const
export type Fault = (typeof FAULTS)[number]
export type FaultCounts = Readonly<Partial<Record<Fault, number>>>

/** Reads `kill=50,stop=5,cut`; a name alone means once. Throws a sentence for a person. */
export const parseFaults = (text: string): FaultCounts =>
  Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', count = '1'] = part.trim().split('=')
      const fault = FAULTS.find((one) => one === name)
      if (!fault || !/^\d{1,6}$/.test(count))
        throw new Error(`--faults: "${part}" is none of ${FAULTS.join(', ')}, or has no whole number after "="`)
      return [fault, Number(count)]
    }),
  )

/** All of them, in an order of the seed. */
export const planOf = (counts: FaultCounts, chance: Chance): readonly Fault[] => {
  const plan = FAULTS.flatMap((fault) => Array.from({ length: counts[fault] ?? 0 }, () => fault))
  const keys = plan.map(() => chance.next())
  return plan
    .map((fault, place) => ({ fault, key: keys[place] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ fault }) => fault)
}
