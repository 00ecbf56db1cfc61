import type { ChannelOffer, ListedChannel } from '../channels/channel.ts'
import type { Currency } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'
import { openKeyring } from '../platform/crypto/index.ts'
import { agreementWith } from './agreement.ts'
import type { AgreementRecord, Directory, EService, Offer, OfferQuery } from './directory.ts'
import { agreementLogo, channelLogo } from './look.ts'

/** What an agreement takes that names no currency: every PSP of ours settles in euros. */
export const DEFAULT_CURRENCIES: readonly Currency[] = ['EUR']

/**
 * What a payer may choose for a payment, in the e-service's order. An offer is one agreement: that of the payment's payee, channel,
 * date and amount; where the payment names no payee, the first of a channel in the e-service's order. So an offer is named by its
 * channel (and bank): its id stays the same when the merchant signs a new agreement.
 */
export const offersFor = (
  directory: Directory,
  channels: readonly ListedChannel[],
  query: OfferQuery,
): readonly Offer[] => {
  const taken = new Set<string>()
  return query.eService.offers.flatMap((id) => {
    const agreement = directory.agreements.get(id)
    const listed = channels.find(({ channel }) => channel.id === agreement?.channel)
    if (!agreement || !listed || taken.has(agreement.channel) || !fits(agreement, query)) return []
    taken.add(agreement.channel)
    return offersOf(agreement, listed, query).filter(
      (offer) =>
        (query.only === undefined || query.only.includes(offer.id)) &&
        (query.currency === undefined || offer.currencies.includes(query.currency)),
    )
  })
}

/** The offer of that id, if the payment may be paid by it. */
export const offerById = (
  directory: Directory,
  channels: readonly ListedChannel[],
  query: OfferQuery,
  id: string,
): Offer | undefined => offersFor(directory, channels, query).find((offer) => offer.id === id)

const fits = (agreement: AgreementRecord, { eService, account, amountMinor, currency, now }: OfferQuery): boolean => {
  const { minMinor, maxMinor } = limitsOf(agreement, eService)
  return (
    !agreement.retired &&
    !eService.retired &&
    agreement.merchant === eService.merchant &&
    (account === undefined || agreement.account === account) &&
    agreement.validFrom <= now &&
    (agreement.validTo === undefined || now < agreement.validTo) &&
    (amountMinor === undefined || (amountMinor >= (minMinor ?? 0) && amountMinor <= (maxMinor ?? amountMinor))) &&
    (currency === undefined || currenciesOf(agreement).includes(currency))
  )
}

const offersOf = (agreement: AgreementRecord, { channel }: ListedChannel, query: OfferQuery): readonly Offer[] => {
  const one = {
    agreement: agreement.id,
    channel: channel.id,
    name: channel.name,
    logo: agreement.logo ? agreementLogo(agreement.id, agreement.logo) : channelLogo(channel.id),
    currencies: currenciesOf(agreement),
    ...limitsOf(agreement, query.eService),
    ...healthOf(agreement, query.now),
  }
  if (!channel.offers) return [{ id: channel.id, ...one }]
  const settings = channel.settings.safeParse(agreement.settings)
  if (!settings.success) return []
  const listing = agreementWith({ id: agreement.id, settings: settings.data, ring: NO_KEYS, now: query.now, nonce: '' })
  return channel.offers(listing).map((bank) => ofBank(bank, { id: `${channel.id}.${bank.id}`, ...one }))
}

const ofBank = (bank: ChannelOffer, offer: Offer): Offer => ({
  ...offer,
  bank: bank.id,
  name: bank.name,
  logo: bank.logo ?? offer.logo,
  currencies: bank.currencies ? offer.currencies.filter((each) => bank.currencies?.includes(each)) : offer.currencies,
})

const currenciesOf = ({ limits }: AgreementRecord): readonly Currency[] => limits.currencies ?? DEFAULT_CURRENCIES

/** The tighter of the agreement's and the e-service's. */
const limitsOf = (agreement: AgreementRecord, eService: EService): { minMinor?: number; maxMinor?: number } => {
  const least = Math.max(agreement.limits.minMinor ?? 0, eService.limits.minMinor ?? 0)
  const most = Math.min(agreement.limits.maxMinor ?? Infinity, eService.limits.maxMinor ?? Infinity)
  return { ...(least > 0 ? { minMinor: least } : {}), ...(Number.isFinite(most) ? { maxMinor: most } : {}) }
}

const healthOf = ({ pause }: AgreementRecord, now: Instant): Pick<Offer, 'health' | 'pauseText'> =>
  pause && pause.from <= now && now < pause.to ? { health: 'paused', pauseText: pause.text } : { health: 'good' }

/** Listing banks signs nothing. */
const NO_KEYS = openKeyring([])
