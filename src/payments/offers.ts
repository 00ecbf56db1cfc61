import type { Instant } from '../kernel/time.ts'
import { type Directory, type Offer, offersFor } from '../merchants/index.ts'
import { pathOf } from '../platform/http/prefix.ts'
import type { PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import type { PaymentRow } from './store/index.ts'

/** What the payer of this payment may choose now; the tiles' addresses as pages name them. */
export const offersOf = (
  hub: Pick<Hub, 'channels' | 'health' | 'publicUrl'>,
  directory: Directory,
  row: PaymentRow,
  state: PaymentState,
  now: Instant,
): readonly Offer[] => {
  const eService = directory.eServices.get(row.eService)
  if (!eService) return []
  const { account, channel, channels } = row.details
  const only = channels ?? (channel && state.order.attempts === 'one' ? [channel] : undefined)
  const offers = offersFor(directory, hub.channels, {
    eService,
    amountMinor: state.order.amount.amountMinor,
    currency: state.order.amount.currency,
    now,
    ...(account ? { account } : {}),
    ...(only ? { only } : {}),
  })
  const path = pathOf(hub.publicUrl)
  return offers.map(hub.health.shown).map((offer) => ({ ...offer, logo: path + offer.logo }))
}
