import { MINUTE_MS } from '../../kernel/time.ts'

/** What `doctor` found: one sentence that says what is wrong, and what to do. */
export type Found = {
  /** `error`: payments or notices suffer, or will not survive. `warning`: they will, if nobody does anything. */
  readonly severity: 'error' | 'warning'
  readonly about: string
  readonly says: string
}

export const error = (about: string, says: string): Found => ({ severity: 'error', about, says })
export const warning = (about: string, says: string): Found => ({ severity: 'warning', about, says })

export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/** `3 days`, `5 hours`, `40 minutes`: as rough as a person says it. */
export const ago = (ms: number): string => {
  const minutes = Math.floor(ms / MINUTE_MS)
  if (minutes < 120) return counted(minutes, 'minute', 'minutes')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? counted(hours, 'hour', 'hours') : counted(Math.floor(hours / 24), 'day', 'days')
}
