import type { ListedChannel } from '../channels/channel.ts'
import type { Language } from '../kernel/language.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'
import { isFixture } from '../platform/crypto/index.ts'
import { readableOn } from '../platform/html/index.ts'
import { checksOfFile } from './cma-checks.ts'
import { cmaSchema, type FileAgreement, type FileEService, type FileMerchant } from './cma-schema.ts'
import type { Mode } from './directory.ts'
import { readKeys } from './key-entries.ts'
import { checked, type LocatedFile, type Place, type Problem, parseLocated } from './located.ts'
import { type Logo, logoOf, MAX_LOGO_BYTES } from './look.ts'
import { asOrderKey, readOrderKeys } from './order-keys.ts'
import type { Sources } from './sources.ts'
import type { Wanted, WantedAgreement, WantedEService, WantedKey, WantedMerchant } from './wanted.ts'

export type CmaFileInput = {
  /** How problems name the file. */
  readonly file: string
  readonly text: string
  readonly channels: readonly ListedChannel[]
  readonly sources: Sources
  /** The hub's own: every e-service's `mode` must be the same. */
  readonly mode: Mode
  readonly now: Instant
  /** What the pages speak, where that is to be checked. */
  readonly languages?: readonly Language[]
}

/**
 * Reads a `cma.yaml` with the keys and logos it names. Errors: everything wrong that can be seen without the database, each with its
 * line and with what to do.
 */
export const readCmaFile = async (input: CmaFileInput): Promise<Result<Wanted, readonly Problem[]>> => {
  const located = parseLocated(input.file, input.text)
  if (!located.ok) return located
  const file = located.value
  const parsed = checked(file, cmaSchema, file.value)
  if (!parsed.ok) return parsed
  const problems: Problem[] = [...checksOfFile(file, parsed.value, input)]
  const merchants = await Promise.all(
    parsed.value.merchants.map((merchant, index) =>
      readMerchant(file, ['merchants', index], merchant, input, problems),
    ),
  )
  if (problems.length > 0) return fail([...problems].sort((a, b) => a.line - b.line || a.column - b.column))
  return ok({ merchants, problem: (place, message) => file.problem(place, message) })
}

const readMerchant = async (
  file: LocatedFile,
  place: Place,
  merchant: FileMerchant,
  input: CmaFileInput,
  problems: Problem[],
): Promise<WantedMerchant> => {
  const { id, name, registrationNumber, accounts } = merchant
  return {
    place,
    id,
    name,
    registrationNumber,
    accounts,
    support: present(merchant.support),
    agreements: await Promise.all(
      merchant.agreements.map((agreement, index) =>
        readAgreement(file, [...place, 'agreements', index], id, agreement, input, problems),
      ),
    ),
    eServices: await Promise.all(
      merchant.eServices.map((eService, index) =>
        readEService(file, [...place, 'eServices', index], id, eService, input, problems),
      ),
    ),
  }
}

const readAgreement = async (
  file: LocatedFile,
  place: Place,
  merchant: string,
  agreement: FileAgreement,
  input: CmaFileInput,
  problems: Problem[],
): Promise<WantedAgreement> => {
  const listed = input.channels.find(({ channel }) => channel.id === agreement.channel)
  const keys = await readKeys(file, [...place, 'keys'], agreement.keys, listed?.channel.keys ?? {}, {
    keys: 'named',
    sources: input.sources,
  })
  // An unknown channel is told by itself; what its keys should be is then not known.
  if (!keys.ok && listed) problems.push(...keys.error)
  if (keys.ok && input.mode === 'live') problems.push(...fixturesAmong(file, keys.value))
  const logo = await readLogo(file, [...place, 'logo'], agreement.logo, input.sources, problems)
  const { id, channel, account, validFrom, validTo, settings, limits } = agreement
  return {
    place,
    id,
    merchant,
    channel,
    account,
    validFrom,
    ...(validTo === undefined ? {} : { validTo }),
    settings,
    limits: present(limits),
    keys: keys.ok ? keys.value : [],
    ...(logo ? { logo } : {}),
  }
}

const fixturesAmong = (file: LocatedFile, keys: readonly WantedKey[]): readonly Problem[] =>
  keys
    .filter(({ key }) => key.kind !== 'stored' && isFixture(key))
    .map(({ place }) => file.problem(place, 'is a test key that everybody knows: in live mode use a key of your own'))

const readEService = async (
  file: LocatedFile,
  place: Place,
  merchant: string,
  eService: FileEService,
  input: CmaFileInput,
  problems: Problem[],
): Promise<WantedEService> => {
  const logo = await readLogo(file, [...place, 'look', 'logo'], eService.look.logo, input.sources, problems)
  const orderKeys = await readOrderKeys(file, place, eService.orderKeys, input.sources)
  if (!orderKeys.ok) problems.push(...orderKeys.error)
  if (orderKeys.ok && input.mode === 'live') problems.push(...fixturesAmong(file, orderKeys.value))
  const {
    look,
    notices,
    expiresAfter,
    limits,
    support,
    privacyUrl,
    receipts,
    orderKeys: _orderKeys,
    ...rest
  } = eService
  const brandColour = look.brandColour.toLowerCase()
  return {
    ...rest,
    place,
    merchant,
    expiresAfterMs: expiresAfter,
    limits: present(limits),
    ...(support ? { support: present(support) } : {}),
    ...(privacyUrl === undefined ? {} : { privacyUrl }),
    ...(receipts ? { receipts } : {}),
    ...(orderKeys.ok && orderKeys.value.length > 0 ? { orderKeys: orderKeys.value.map(asOrderKey) } : {}),
    notices: notices.map(({ url }) => url),
    look: { brandColour, onBrandColour: readableOn(`#${brandColour.slice(1)}`), ...(logo ? { logo } : {}) },
  }
}

const readLogo = async (
  file: LocatedFile,
  place: Place,
  path: string | undefined,
  sources: Sources,
  problems: Problem[],
): Promise<Logo | undefined> => {
  if (path === undefined) return undefined
  const bytes = await sources.file(path, MAX_LOGO_BYTES)
  const logo = bytes.ok ? logoOf(path, bytes.value) : bytes
  if (logo.ok) return logo.value
  problems.push(file.problem(place, logo.error))
  return undefined
}

type Present<Value> = { readonly [Key in keyof Value]?: Exclude<Value[Key], undefined> }

/** Without the members that are there but undefined. */
const present = <Value extends object>(value: Value): Present<Value> => {
  const kept: Present<Value> = {}
  for (const [key, member] of Object.entries(value)) if (member !== undefined) Reflect.set(kept, key, member)
  return kept
}
