import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '../../src/kernel/time.ts'
import type { Chance } from '../torture/chance.ts'

/** What may go wrong in one schedule, and how often: drawn from its seed, so that some are calm but for one thing and some are storms. */
export type Span = { readonly from: Instant; readonly until: Instant }

export type Weather = {
  readonly startsAt: Instant
  readonly nodes: number
  /** How far each node's clock is from the database's. */
  readonly skewMs: readonly number[]
  /** Chances, each of one statement or commit. */
  readonly crash: number
  readonly cut: number
  /** Chances, each of one request or message. */
  readonly lostRequest: number
  readonly lostAnswer: number
  readonly repeated: number
  readonly delayed: number
  readonly corrupted: number
  /** A process stands still now and then, longer than its leases. */
  readonly frozen: number
  /** How long it takes at most until the hub sees what is due. */
  readonly looksEveryMs: number
  /** The bank's server is away, and answers in a mood, while its pages work. */
  readonly bankAway: Span
  readonly bankMood: Span & { readonly calls: 'failing' | 'slow' | 'silent' | 'turning_down' }
  /** The e-service's listener is away. */
  readonly listenerAway: Span
  /** Chance that the listener fails or does not answer though it has understood. */
  readonly listenerFails: number
  /** Payers who click twice, use two windows, or go to another bank. */
  readonly hasty: number
  /** Chance that the database says it has committed what it has not. No database may: only to see that losses are seen. */
  readonly forgets: number
  /** When crashes, losses and delays happen; else all is calm. */
  readonly squalls: readonly Span[]
}

/** A usual day, summer time beginning and ending, the turn of a year, a leap day; local time of Riga is two or three hours ahead. */
const MOMENTS = [
  '2026-11-23T08:00:00Z',
  '2026-03-29T00:30:00Z',
  '2026-10-25T00:30:00Z',
  '2026-12-31T21:30:00Z',
  '2028-02-28T21:45:00Z',
]

export const weatherOf = (chance: Chance): Omit<Weather, 'forgets'> => {
  const often = (howOften: number, least: number, most: number): number =>
    chance.happens(howOften) ? least + chance.next() * (most - least) : 0
  const [first = '', ...others] = MOMENTS
  const startsAt =
    (parseInstant(chance.happens(0.5) ? first : chance.pick(first, ...others)) ?? 0) + chance.between(0, HOUR_MS)
  const nodes = chance.between(1, 3)
  const stormMs = chance.pick(2 * MINUTE_MS, 20 * MINUTE_MS, 3 * HOUR_MS)
  const span = (fromMs: number, lastsMs: number): Span => ({
    from: startsAt + fromMs,
    until: startsAt + fromMs + lastsMs,
  })
  const sometimes = (howOften: number, drawn: Span): Span => (chance.happens(howOften) ? drawn : span(0, 0))
  const outage = (): number =>
    chance.pick(
      chance.between(1, 40) * MINUTE_MS,
      chance.between(1, 40) * MINUTE_MS,
      chance.between(1, 20) * HOUR_MS,
      chance.between(1, 3) * DAY_MS,
    )
  /** Days later too: what waits that long for a deadline, a bank or a listener is no safer. */
  const later = (): Span =>
    span(
      chance.pick(chance.between(0, 6 * HOUR_MS), chance.between(0, 4 * DAY_MS), 30 * DAY_MS - 20 * MINUTE_MS),
      chance.between(10, 90) * MINUTE_MS,
    )
  return {
    startsAt,
    nodes,
    skewMs: Array.from({ length: nodes }, () => (chance.happens(0.3) ? chance.between(-1_900, 1_900) : 0)),
    crash: often(0.5, 0.002, 0.03),
    cut: often(0.4, 0.002, 0.03),
    lostRequest: often(0.4, 0.02, 0.3),
    lostAnswer: often(0.4, 0.02, 0.3),
    repeated: often(0.4, 0.05, 0.4),
    delayed: often(0.4, 0.05, 0.4),
    corrupted: often(0.35, 0.05, 0.4),
    frozen: often(0.2, 0.005, 0.05),
    looksEveryMs: chance.pick(50, 600, 600),
    bankAway: sometimes(0.25, span(chance.pick(0, chance.between(0, HOUR_MS)), outage())),
    bankMood: {
      ...sometimes(0.2, span(chance.between(0, HOUR_MS), outage())),
      calls: chance.pick('failing', 'slow', 'silent', 'turning_down'),
    },
    listenerAway: sometimes(0.12, span(chance.pick(0, chance.between(0, HOUR_MS)), chance.between(0, 6 * DAY_MS))),
    listenerFails: often(0.2, 0.05, 0.5),
    hasty: often(0.5, 0.1, 0.6),
    squalls: [span(0, stormMs), ...(chance.happens(0.3) ? [later(), later()] : [])],
  }
}

/** From an instant to a few days, mostly short. */
export const delayOf = (chance: Chance): number =>
  chance.pick(
    chance.between(1, 20) * SECOND_MS,
    chance.between(1, 90) * MINUTE_MS,
    chance.between(1, 20) * HOUR_MS,
    chance.between(1, 4) * DAY_MS,
  )
