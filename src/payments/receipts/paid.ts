import type { Localized } from '../../kernel/language.ts'
import type { Directory, Offer } from '../../merchants/index.ts'
import type { AttemptState, BegunFact, PaymentState } from '../facts.ts'
import type { Hub } from '../hub.ts'
import { offersOf } from '../offers.ts'
import type { PaymentReceipt } from '../pages/props.ts'
import { stateOf } from '../payment.ts'
import type { Loaded } from '../store/index.ts'

/** A payment with the names that its banks go by. */
export type Named = {
  readonly loaded: Loaded
  readonly state: PaymentState
  readonly offers: readonly Offer[]
  /** The channel's name, for an offer that is no longer offered. */
  readonly channelName: (channel: string) => Localized
}

export const namedOf = (
  hub: Pick<Hub, 'channels' | 'health' | 'clock' | 'publicUrl'>,
  directory: Directory,
  loaded: Loaded,
): Named => {
  const state = stateOf(loaded.facts)
  return {
    loaded,
    state,
    offers: offersOf(hub, directory, loaded.row, state, hub.clock.now()),
    channelName: (id) => hub.channels.find(({ channel }) => channel.id === id)?.channel.name ?? { en: id },
  }
}

export const nameOf = (
  { offers, channelName }: Pick<Named, 'offers' | 'channelName'>,
  attempt: Pick<AttemptState, 'offer' | 'channel'>,
): Localized => offers.find((offer) => offer.id === attempt.offer)?.name ?? channelName(attempt.channel)

/** What was paid, of the first attempt that is executed. Throws when none is: only an executed payment has a receipt. */
export const receiptOf = (named: Named): PaymentReceipt => {
  const { state, loaded } = named
  const attempt = state.attempts.find((one) => one.status === 'executed')
  if (!attempt) throw new Error('a receipt of a payment that is not executed')
  const { currency } = state.order.amount
  const begun = loaded.facts.find((fact): fact is BegunFact => fact.fact === 'begun' && fact.attempt === attempt.id)
  return {
    paid: state.order.amount,
    through: nameOf(named, attempt),
    payee: begun?.payee ?? { name: '', iban: '' },
    ...(attempt.paidAt === undefined ? {} : { paidAt: attempt.paidAt }),
    ...(attempt.bankReference ? { bankReference: attempt.bankReference } : {}),
    ...(state.refundedMinor > 0 ? { refunded: { amountMinor: state.refundedMinor, currency } } : {}),
    ...(state.reversedMinor > 0 ? { reversed: { amountMinor: state.reversedMinor, currency } } : {}),
  }
}
