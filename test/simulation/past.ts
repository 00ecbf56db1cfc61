/**
 * Schedules that once broke a law, and what was wrong with the hub; lived through again with every change. A number is the same life only
 * while the world draws the same chances: where a change to it makes one harmless, another is looked for with the fault put back
 * (`--careless`).
 */
export const PAST: readonly {
  readonly schedule: number
  readonly careless: 'last-look' | 'references'
  readonly found: string
}[] = [
  {
    schedule: 3196619133,
    careless: 'last-look',
    found:
      'a bank that can be asked declined, then took the money after all, and its second word was late: nobody asked again',
  },
  {
    schedule: 3051463419,
    careless: 'references',
    found:
      'of a double click one call was turned down and the other was paid: the reference had been freed between, and stayed so',
  },
]
