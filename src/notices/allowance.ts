import { SECOND_MS } from '../kernel/time.ts'

/**
 * How much may be under way at once, in this process: so that addresses which are dead or slow hold few of the places, and the others
 * never wait for them.
 *
 * Each address has an allowance: two to begin with, doubled by each acknowledgement, halved by each failure. A sending that has gone a
 * second without an answer is *late*: its place no longer counts as one of those that addresses in good health share, and its address
 * gets nothing more until it has ended. An address whose last sending was late and failed is *hung*, and so is one that is new here and
 * of which something has failed before: it gets a single place, which counts as late from the first moment, and only while few hung
 * ones have theirs. One that fails at once costs next to nothing and is not held to that; nor does who is merely slow, however many
 * they are, keep one that hung from being tried again.
 */
export type Allowance = {
  /** Whether this process has met the address. */
  knows(address: string): boolean
  /** Before anything is taken for it: whether something that it is owed has failed already, here or elsewhere. */
  meet(address: string, failing: boolean): void
  /** Every place that this address may have now. */
  take(address: string): readonly Place[]
  /** Places that were not used. */
  giveBack(places: readonly Place[]): void
  /** A sending begins. */
  began(place: Place): void
  /** It ended: gives its place back and remembers how it went. */
  ended(place: Place, acknowledged: boolean): void
}

/** The right to one sending. */
export type Place = {
  readonly standing: Standing
  /** Taken to see whether a hung address answers again. */
  readonly probes: boolean
  counted: 'prompt' | 'late'
  since: number
}

export type Standing = { allowed: number; hung: boolean; held: number; late: number }

/** Sendings that are not late. */
const PLACES = 512
/** Of hung addresses that are tried; each lasts for 15 s at worst: so 17 of them can be tried in a second. */
const PROBES = 256
/** With those that became late, of addresses that died just now: each a connection and some 20 kB. */
const MOST_PLACES = 2_048
/** Receivers answer in milliseconds; till this has passed, one that died just now holds a place of those that live. */
const PROMPT_MS = SECOND_MS
const FIRST = 2
const MOST = 16
/** Addresses remembered; one that is forgotten is met anew. */
const REMEMBERED = 50_000

/** `elapsedMs`: milliseconds that only go forward. */
export const openAllowance = (elapsedMs: () => number): Allowance => {
  const standings = new Map<string, Standing>()
  /** Sendings under way that are not late, in the order of their beginning. */
  const prompt = new Set<Place>()
  let held = 0
  let late = 0
  let probes = 0

  const meet = (address: string, failing: boolean): Standing => {
    if (standings.size >= REMEMBERED) {
      for (const [key, standing] of standings) if (standing.held === 0) standings.delete(key)
    }
    const made = { allowed: failing ? 1 : FIRST, hung: failing, held: 0, late: 0 }
    standings.set(address, made)
    return made
  }

  const countLate = (place: Place): void => {
    prompt.delete(place)
    place.counted = 'late'
    place.standing.late++
    late++
  }

  const age = (): void => {
    const now = elapsedMs()
    for (const place of prompt) {
      if (now - place.since < PROMPT_MS) return
      countLate(place)
    }
  }

  const giveBack = (place: Place): void => {
    prompt.delete(place)
    place.standing.held--
    held--
    if (place.probes) probes--
    if (place.counted === 'prompt') return
    place.standing.late--
    late--
  }

  return {
    knows: (address) => standings.has(address),
    meet: (address, failing) => void (standings.has(address) || meet(address, failing)),
    take: (address) => {
      age()
      const standing = standings.get(address) ?? meet(address, false)
      const left = Math.min(MOST_PLACES - held, standing.hung ? PROBES - probes : PLACES - (held - late))
      const count = standing.late > 0 ? 0 : Math.max(0, Math.min(standing.allowed - standing.held, left))
      const places = Array.from(
        { length: count },
        (): Place => ({
          standing,
          probes: standing.hung,
          counted: 'prompt',
          since: 0,
        }),
      )
      standing.held += count
      held += count
      if (standing.hung) {
        probes += count
        places.forEach(countLate)
      }
      return places
    },
    giveBack: (places) => places.forEach(giveBack),
    began: (place) => {
      place.since = elapsedMs()
      if (place.counted === 'prompt') prompt.add(place)
    },
    ended: (place, acknowledged) => {
      age()
      const { standing } = place
      const waited = elapsedMs() - place.since >= PROMPT_MS
      giveBack(place)
      standing.hung = waited && !acknowledged
      const less = waited ? 1 : Math.max(Math.floor(standing.allowed / 2), 1)
      standing.allowed = acknowledged ? Math.min(standing.allowed * 2, MOST) : less
    },
  }
}
