/**
 * How much may be under way at once, in this process: so that addresses which are dead or slow hold few of the places, and the others
 * never wait for them.
 *
 * Each address has an allowance: two to begin with, doubled by each acknowledgement, halved by each failure. One that has not yet
 * acknowledged anything, or whose last sending failed, is *suspect*; the suspect ones together have only a part of the places.
 */
export type Allowance = {
  /** Takes every place this address may have now; returns how many. */
  take(address: string): number
  /** Gives back places that were not used. */
  giveBack(address: string, places: number): void
  /** A sending ended: gives its place back and remembers how it went. */
  ended(address: string, acknowledged: boolean): void
}

const PLACES = 512
/** A dead address holds a place for 15 s at worst: so 17 of them can be tried in a second. */
const PLACES_OF_SUSPECTS = 256
const FIRST = 2
const MOST = 16
/** Addresses remembered; one that is forgotten begins as a new one. */
const REMEMBERED = 50_000

type Standing = { allowed: number; suspect: boolean; held: number; heldAsSuspect: number }

export const openAllowance = (): Allowance => {
  const standings = new Map<string, Standing>()
  let held = 0
  let heldBySuspects = 0

  const standingOf = (address: string): Standing => {
    const known = standings.get(address)
    if (known) return known
    if (standings.size >= REMEMBERED) {
      for (const [key, standing] of standings) if (standing.held === 0) standings.delete(key)
    }
    const made = { allowed: FIRST, suspect: true, held: 0, heldAsSuspect: 0 }
    standings.set(address, made)
    return made
  }

  const giveBack = (standing: Standing, places: number): void => {
    standing.held -= places
    held -= places
    const suspects = Math.min(places, standing.heldAsSuspect)
    standing.heldAsSuspect -= suspects
    heldBySuspects -= suspects
  }

  return {
    take: (address) => {
      const standing = standingOf(address)
      const left = standing.suspect ? Math.min(PLACES - held, PLACES_OF_SUSPECTS - heldBySuspects) : PLACES - held
      const places = Math.max(0, Math.min(standing.allowed - standing.held, left))
      standing.held += places
      held += places
      if (standing.suspect) {
        standing.heldAsSuspect += places
        heldBySuspects += places
      }
      return places
    },
    giveBack: (address, places) => giveBack(standingOf(address), places),
    ended: (address, acknowledged) => {
      const standing = standingOf(address)
      giveBack(standing, 1)
      standing.suspect = !acknowledged
      standing.allowed = acknowledged
        ? Math.min(standing.allowed * 2, MOST)
        : Math.max(Math.floor(standing.allowed / 2), 1)
    },
  }
}
