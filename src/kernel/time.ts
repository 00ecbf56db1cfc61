/** The only file that mentions `Date`. A moment is a number, so that facts can be compared, stored and replayed. */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly __brand?: 'Instant' }

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Where the present comes from: the system, or a clock that a test moves. */
export type Clock = { now(): Instant }

export const systemClock: Clock = { now: () => Date.now() }

/** RFC 3339 in UTC with milliseconds, e.g. `2026-11-23T08:00:00.000Z`. */
export const toRfc3339 = (instant: Instant): string => new Date(instant).toISOString()

/** For a package that wants the language's own object. */
export const toDate = (instant: Instant): Date => new Date(instant)

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/i

/** Reads RFC 3339 (also an offset without its colon, as bank links write it). Undefined when the text is not a moment. */
export const parseInstant = (text: string): Instant | undefined => {
  if (!RFC3339.test(text)) return undefined
  const value = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  return Number.isNaN(value) ? undefined : value
}

const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Reads the date of an HTTP header (IMF-fixdate, RFC 9110 §5.6.7). Undefined when the text is not one. */
export const parseHttpDate = (text: string): Instant | undefined => {
  const value = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(value) ? undefined : value
}

export type LocalTime = {
  readonly year: string
  readonly month: string
  readonly day: string
  readonly hour: string
  readonly minute: string
  readonly second: string
  /** As `+0200`. */
  readonly offset: string
}

const formats = new Map<string, Intl.DateTimeFormat>()
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  })
  formats.set(zone, made)
  return made
}

/** The wall clock of an IANA zone at a moment, summer time included. */
export const localTime = (instant: Instant, zone: string): LocalTime => {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(new Date(instant))
      .map((part) => [part.type, part.value]),
  )
  const offset = (parts.timeZoneName ?? 'GMT').replace('GMT', '').replace(':', '')
  return {
    year: parts.year ?? '',
    month: parts.month ?? '',
    day: parts.day ?? '',
    hour: parts.hour ?? '',
    minute: parts.minute ?? '',
    second: parts.second ?? '',
    offset: offset === '' ? '+0000' : offset,
  }
}

/** Start of a local calendar day, e.g. of a bank's `DD.MM.YYYY`. Undefined when there is no such day. */
export const startOfDay = (year: number, month: number, day: number, zone: string): Instant | undefined => {
  const utc = Date.UTC(year, month - 1, day)
  const check = new Date(utc)
  if (check.getUTCMonth() !== month - 1 || check.getUTCDate() !== day) return undefined
  const { offset } = localTime(utc, zone)
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5))
  return utc - (offset.startsWith('-') ? -minutes : minutes) * MINUTE_MS
}

/** A date and time as people read it, in a language and zone; for pages. */
export const forPeople = (instant: Instant, language: string, zone: string, style: 'date' | 'date-time'): string =>
  new Intl.DateTimeFormat(language, {
    timeZone: zone,
    dateStyle: 'long',
    ...(style === 'date-time' ? { timeStyle: 'short' } : {}),
  }).format(new Date(instant))

/** Reads an ISO 8601 duration of days, hours, minutes and seconds (`P30D`, `PT15M`), in milliseconds. Undefined when it is not one. */
export const parseDuration = (text: string): number | undefined => {
  const match = /^P(?=.)(?:(\d{1,4})D)?(?:T(?=.)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/.exec(text)
  if (!match) return undefined
  const [days = '0', hours = '0', minutes = '0', seconds = '0'] = match.slice(1)
  return Number(days) * DAY_MS + Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Reads a certificate's date as OpenSSL prints it (`Nov  3 08:00:00 2026 GMT`). Undefined when the text is not one. */
export const parseCertificateTime = (text: string): Instant | undefined => {
  const match = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4}) GMT$/.exec(text)
  const month = MONTHS.indexOf(match?.[1] ?? '')
  if (!match || month < 0) return undefined
  const [day, hour, minute, second, year] = match.slice(2).map(Number)
  return Date.UTC(year ?? 0, month, day ?? 0, hour, minute, second)
}
