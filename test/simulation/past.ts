/** Schedules that once broke a law, and what was wrong with the hub. They are lived through again with every change. */
export const PAST: readonly { readonly schedule: number; readonly found: string }[] = [
  {
    schedule: 2323388059,
    found:
      'a bank that can be asked declined, then took the money after all, and its second word was late: nobody asked again',
  },
]
