/** Schedules that once broke a law, and what was wrong with the hub. They are lived through again with every change. */
export const PAST: readonly { readonly schedule: number; readonly found: string }[] = []
