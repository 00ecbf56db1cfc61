import type { ListedChannel } from '../channels/channel.ts'
import type { Language } from '../kernel/language.ts'
import { type Currency, MAX_AMOUNT_MINOR } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'
import { faultOfTheme } from '../platform/html/index.ts'
import { isTextKey, slotsFor, slotsOf, type TextKey } from '../platform/texts/index.ts'
import { faultOfOrigin, faultOfUrl } from './addresses.ts'
import type { CmaFile, FileAgreement, FileEService, FileMerchant } from './cma-schema.ts'
import type { Mode } from './directory.ts'
import { checked, type LocatedFile, type Place, type Problem } from './located.ts'
import { showMoment } from './moments.ts'
import { DEFAULT_CURRENCIES } from './offers.ts'
import { listed } from './sentences.ts'

/** What the names in a `cma.yaml` must agree with: each other, the channels, the hub's mode. Pure. */
export type Surroundings = {
  readonly channels: readonly ListedChannel[]
  readonly mode: Mode
  readonly now: Instant
  readonly languages?: readonly Language[]
}

type Check = { readonly file: LocatedFile; readonly around: Surroundings }

export const checksOfFile = (file: LocatedFile, cma: CmaFile, around: Surroundings): readonly Problem[] => {
  const check = { file, around }
  const all = <Thing>(read: (merchant: FileMerchant) => readonly Thing[], key: string) =>
    cma.merchants.flatMap((merchant, index) =>
      read(merchant).map((thing, at) => ({ thing, place: ['merchants', index, key, at] })),
    )
  return [
    ...repeated(
      file,
      cma.merchants.map(({ id }, index) => [id, ['merchants', index, 'id']]),
    ),
    ...repeated(file, all(({ agreements }) => agreements, 'agreements').map(idAndPlace)),
    ...repeated(file, all(({ eServices }) => eServices, 'eServices').map(idAndPlace)),
    ...cma.merchants.flatMap((merchant, index) => checksOfMerchant(check, ['merchants', index], merchant)),
  ]
}

type Identified = { readonly thing: { readonly id: string }; readonly place: Place }
const idAndPlace = ({ thing, place }: Identified): readonly [string, Place] => [thing.id, [...place, 'id']]

const repeated = (file: LocatedFile, ids: readonly (readonly [id: string, place: Place])[]): readonly Problem[] => {
  const seen = new Set<string>()
  return ids.flatMap(([id, place]) => {
    if (seen.has(id)) return [file.problem(place, `"${id}" is there twice: give each its own id`)]
    seen.add(id)
    return []
  })
}

const checksOfMerchant = (check: Check, place: Place, merchant: FileMerchant): readonly Problem[] => [
  ...repeated(
    check.file,
    merchant.accounts.map(({ id }, index) => [id, [...place, 'accounts', index, 'id']]),
  ),
  ...checksOfLink(check, [...place, 'support', 'url'], merchant.support.url),
  ...merchant.agreements.flatMap((agreement, index) =>
    checksOfAgreement(check, [...place, 'agreements', index], agreement, merchant),
  ),
  ...merchant.eServices.flatMap((eService, index) =>
    checksOfEService(check, [...place, 'eServices', index], eService, merchant),
  ),
]

const checksOfAgreement = (
  { file, around }: Check,
  place: Place,
  agreement: FileAgreement,
  merchant: FileMerchant,
): readonly Problem[] => {
  const problems: Problem[] = []
  const accounts = merchant.accounts.map(({ id }) => id)
  if (!accounts.includes(agreement.account)) {
    const message = `"${agreement.account}" is no account of ${merchant.id}: it has ${listed(accounts)}`
    problems.push(file.problem([...place, 'account'], message))
  }
  if (agreement.validTo !== undefined && agreement.validTo <= agreement.validFrom) {
    problems.push(file.problem([...place, 'validTo'], 'is before validFrom: the agreement would never be valid'))
  }
  const found = around.channels.find(({ channel }) => channel.id === agreement.channel)
  if (!found) {
    const message = `there is no channel "${agreement.channel}": there are ${listed(around.channels.map(({ channel }) => channel.id))}`
    return [...problems, file.problem([...place, 'channel'], message)]
  }
  const settings = checked(file, found.channel.settings, agreement.settings, [...place, 'settings'])
  if (!settings.ok) problems.push(...settings.error)
  for (const [name, value] of Object.entries(agreement.settings)) {
    if (typeof value !== 'string' || !/^https?:/i.test(value)) continue
    const fault = faultOfUrl(value, around.mode)
    if (fault !== undefined) problems.push(file.problem([...place, 'settings', name], fault))
  }
  return problems
}

const checksOfEService = (
  check: Check,
  place: Place,
  eService: FileEService,
  merchant: FileMerchant,
): readonly Problem[] => {
  const { file, around } = check
  const problems: Problem[] = []
  const say = (inside: Place, message: string | undefined) => {
    if (message !== undefined) problems.push(file.problem([...place, ...inside], message))
  }
  if (eService.mode !== around.mode)
    say(
      ['mode'],
      `this hub runs in ${around.mode} mode: write mode: ${around.mode}, or apply the file at the other hub; the two never mix`,
    )
  eService.returnOrigins.forEach((origin, index) => {
    say(['returnOrigins', index], faultOfOrigin(origin, around.mode))
  })
  eService.notices.forEach(({ url }, index) => {
    say(['notices', index, 'url'], faultOfUrl(url, around.mode))
  })
  eService.languages.forEach((language, index) => {
    if (around.languages?.includes(language) === false) {
      say(['languages', index], `the pages do not speak "${language}": they speak ${listed(around.languages)}`)
    }
  })
  problems.push(
    ...checksOfLink(check, [...place, 'privacyUrl'], eService.privacyUrl),
    ...checksOfLink(check, [...place, 'support', 'url'], eService.support?.url),
    ...repeated(
      file,
      eService.offers.map((offer, index) => [offer, [...place, 'offers', index]]),
    ),
  )
  for (const [key, texts] of Object.entries(eService.texts)) {
    if (!isTextKey(key)) say(['texts', key], `there is no text "${key}": src/platform/texts/en.ts has those there are`)
    else for (const [language, text] of Object.entries(texts)) say(['texts', key, language], faultOfText(key, text))
  }
  say(['look', 'brandColour'], faultOfColour(eService.look.brandColour))
  eService.offers.forEach((offer, index) => {
    if (!merchant.agreements.some(({ id }) => id === offer)) {
      say(['offers', index], `${merchant.id} has no agreement "${offer}": ${knownAgreements(merchant)}`)
    }
  })
  return [...problems, ...checksOfOffers(check, [...place, 'offers'], eService, merchant)]
}

const checksOfLink = ({ file, around }: Check, place: Place, url: string | undefined): readonly Problem[] => {
  const fault = url === undefined ? undefined : faultOfUrl(url, around.mode)
  return fault === undefined ? [] : [file.problem(place, fault)]
}

const knownAgreements = ({ agreements }: FileMerchant): string =>
  agreements.length === 0 ? 'it has none' : `it has ${listed(agreements.map(({ id }) => id))}`

/** A name that nothing is put for would be shown to the payer with its braces. */
const faultOfText = (key: TextKey, text: string): string | undefined => {
  const known = slotsFor(key)
  const strange = slotsOf(text).find((name) => !known.includes(name))
  if (strange === undefined) return undefined
  const may = known.length === 0 ? 'takes none' : `may hold ${listed(known.map((name) => `{${name}}`))}`
  return `nothing is put for {${strange}}: this text ${may}`
}

const faultOfColour = (colour: string): string | undefined => {
  const fault = faultOfTheme(colour.toLowerCase())
  if (!fault) return undefined
  if (fault.fault === 'not_a_colour') return 'must be a colour such as "#1d4f91" (in quotes)'
  const ratio = (Math.floor(fault.ratio * 100) / 100).toFixed(2)
  return `the contrast is ${ratio}:1 and 4.5:1 is needed to be read by everybody: the nearest colour that passes is "${fault.nearest}"`
}

/**
 * An offer is one agreement: that of the payment's payee, channel, date and amount. So no two may fit, and a payee that was offered
 * must not be left without any.
 */
const checksOfOffers = (
  { file, around }: Check,
  place: Place,
  eService: FileEService,
  merchant: FileMerchant,
): readonly Problem[] => {
  const offered = eService.offers.flatMap((id, index) => {
    const agreement = merchant.agreements.find((candidate) => candidate.id === id)
    return agreement ? [{ agreement, index }] : []
  })
  const doubles = offered.flatMap(({ agreement, index }) => {
    const other = offered.find((earlier) => earlier.index < index && bothFit(earlier.agreement, agreement))
    if (!other || other.agreement.id === agreement.id) return []
    const message = `"${agreement.id}" and "${other.agreement.id}" both fit a payment to ${agreement.account} by ${agreement.channel}: part them by dates, amounts or currencies`
    return [file.problem([...place, index], message)]
  })
  const accounts = [...new Set(offered.map(({ agreement }) => agreement.account))]
  const ended = accounts.flatMap((account) => {
    const ofAccount = offered.filter(({ agreement }) => agreement.account === account)
    const last = ofAccount.reduce((a, b) => (endOf(a.agreement) >= endOf(b.agreement) ? a : b))
    const { validTo } = last.agreement
    if (validTo === undefined || validTo > around.now) return []
    const message = `nothing is left to pay ${account} with: "${last.agreement.id}" ended with ${showMoment(validTo, 'last')}; offer its successor or take it out`
    return [file.problem([...place, last.index], message)]
  })
  return [...doubles, ...ended]
}

const endOf = ({ validTo }: FileAgreement): number => validTo ?? Number.POSITIVE_INFINITY

const bothFit = (a: FileAgreement, b: FileAgreement): boolean =>
  a.account === b.account &&
  a.channel === b.channel &&
  a.validFrom < endOf(b) &&
  b.validFrom < endOf(a) &&
  (a.limits.minMinor ?? 0) <= (b.limits.maxMinor ?? MAX_AMOUNT_MINOR) &&
  (b.limits.minMinor ?? 0) <= (a.limits.maxMinor ?? MAX_AMOUNT_MINOR) &&
  currenciesOf(a).some((currency) => currenciesOf(b).includes(currency))

const currenciesOf = ({ limits }: FileAgreement): readonly Currency[] => limits.currencies ?? DEFAULT_CURRENCIES
