/**
 * Schedules that once broke a law, and what was wrong with the hub; lived through again with every change. A number is the same life only
 * while the world draws the same chances: where a change to it makes one harmless, another is looked for with the fault put back
 * (`--careless`).
 */
export const PAST: readonly { readonly schedule: number; readonly careless: 'last-look'; readonly found: string }[] = [
  {
    schedule: 3196619133,
    careless: 'last-look',
    found:
      'a bank that can be asked declined, then took the money after all, and its second word was late: nobody asked again',
  },
]
