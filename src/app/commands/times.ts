import type { Instant } from '../../kernel/time.ts'
import { momentOf } from '../../merchants/index.ts'
import { badInput } from './output.ts'

/** A time as a person types it: a day, which counts whole as in `cma.yaml`, or a moment. */
export const timeOf = (option: string, text: string, end: 'first' | 'last'): Instant => {
  const time = momentOf(text, end)
  if (time === undefined)
    throw badInput(`${option} ${text}: must be a day or an RFC 3339 time, e.g. 2026-11-23 or 2026-11-23T08:00:00Z`)
  return time
}

/** From the first moment of the one to before the other; without a beginning, or an end, everything. */
export const spanOf = (
  options: { readonly from?: string; readonly to?: string },
  now: Instant,
): { readonly from: Instant; readonly to: Instant } => {
  const from = options.from === undefined ? 0 : timeOf('--from', options.from, 'first')
  const to = options.to === undefined ? now : timeOf('--to', options.to, 'last')
  if (from >= to) throw badInput('--from: must be before --to')
  return { from, to }
}
