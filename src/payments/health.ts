import { type Clock, type Instant, MINUTE_MS } from '../kernel/time.ts'
import type { Offer } from '../merchants/index.ts'

/** Whether a PSP that the hub calls answers, as this node sees it. A bank link makes no calls, so nothing is said of it here. */
export type Health = {
  note(agreement: string, wentWell: boolean): void
  /** The offer with what is known: one that is paused stays so. */
  shown(offer: Offer): Offer
}

/** One lost call is weather; three in a row are an outage. */
const FAILURES = 3
/** Without a further failure for so long the PSP is given the benefit of the doubt: so health restores itself without a probe. */
const REMEMBERED_MS = MINUTE_MS

export const openHealth = (clock: Clock): Health => {
  const failures = new Map<string, { readonly inRow: number; readonly lastAt: Instant }>()
  const isFailing = (agreement: string): boolean => {
    const known = failures.get(agreement)
    return known !== undefined && known.inRow >= FAILURES && clock.now() < known.lastAt + REMEMBERED_MS
  }
  return {
    note: (agreement, wentWell) => {
      if (wentWell) failures.delete(agreement)
      else failures.set(agreement, { inRow: (failures.get(agreement)?.inRow ?? 0) + 1, lastAt: clock.now() })
    },
    shown: (offer) => (offer.health === 'good' && isFailing(offer.agreement) ? { ...offer, health: 'failing' } : offer),
  }
}
