import { DAY_MS, type Instant, localTime, parseInstant, startOfDay, toRfc3339 } from '../kernel/time.ts'

/** Days in the file are days in Latvia; Estonia and Lithuania keep the same time. */
const ZONE = 'Europe/Riga'

/**
 * A day as its first moment, or (`last`) as the first moment after it; a moment in RFC 3339 as itself. Undefined when the text is
 * neither.
 */
export const momentOf = (text: string, end: 'first' | 'last'): Instant | undefined => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (!match) return parseInstant(text)
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number)
  const start = startOfDay(year, month, day, ZONE)
  return start === undefined || end === 'first' ? start : dayAfter(start)
}

/** The reverse of `momentOf`: the day where the moment is the edge of one, else RFC 3339. */
export const showMoment = (instant: Instant, end: 'first' | 'last'): string => {
  if (!isDayStart(instant)) return toRfc3339(instant)
  // Noon of the day meant, so that a change to summer time does not matter.
  const { year, month, day } = localTime(instant + (end === 'first' ? DAY_MS / 2 : -DAY_MS / 2), ZONE)
  return `${year}-${month}-${day}`
}

const dayAfter = (start: Instant): Instant | undefined => {
  const { year, month, day } = localTime(start + 1.5 * DAY_MS, ZONE)
  return startOfDay(Number(year), Number(month), Number(day), ZONE)
}

const isDayStart = (instant: Instant): boolean => {
  const { year, month, day } = localTime(instant, ZONE)
  return startOfDay(Number(year), Number(month), Number(day), ZONE) === instant
}
