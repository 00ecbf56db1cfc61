import type { KeySpec } from '../channels/channel.ts'
import type { Localized } from '../kernel/language.ts'
import type { Instant } from '../kernel/time.ts'
import { CannotOpen, publicHalf } from '../platform/crypto/index.ts'
import type { AgreementRecord, Merchant } from './directory.ts'
import { type Finding, findingsOfAgreement, isValid } from './findings.ts'
import { showMoment } from './moments.ts'
import type { Tools } from './ready.ts'
import type { Stored, StoredAgreement, StoredKey } from './stored.ts'

/** An agreement as two people read it to each other: what the bank must be given, and what the hub holds of the bank's. Nothing secret. */
export type AgreementSheet = Pick<AgreementRecord, 'id' | 'channel' | 'retired' | 'pause' | 'limits'> & {
  readonly merchant: Pick<Merchant, 'id' | 'name' | 'registrationNumber'>
  readonly account: { readonly id: string; readonly iban: string }
  readonly channelName: Localized
  /** Days as in `cma.yaml`: both count. */
  readonly validFrom: string
  readonly validTo: string | null
  /** With the channel's defaults. */
  readonly settings: unknown
  readonly keys: readonly SheetKey[]
  /** What keeps payments away, and what ends soon. */
  readonly findings: readonly Finding[]
}

export type SheetKey = {
  readonly id: string
  readonly name: string
  readonly kind: KeySpec['kind']
  readonly whose: 'ours' | 'theirs' | 'shared'
  readonly purpose: string
  readonly validNow: boolean
  readonly from: string | null
  readonly to: string | null
  /** SHA-256 of the public half (SPKI DER), hexadecimal; a shared secret has none. */
  readonly fingerprint: string | null
  /** Last day of the certificate, where there is one. */
  readonly certificateEnds: string | null
  /** PEM of the public half or the certificate; null for a shared secret, and where the master key does not open it. */
  readonly publicKey: string | null
}

const WHOSE: Readonly<Record<KeySpec['kind'], SheetKey['whose']>> = {
  private: 'ours',
  client: 'ours',
  public: 'theirs',
  secret: 'shared',
}

export const sheetOf = (
  { agreements, merchants }: Stored,
  id: string,
  tools: Tools,
  now: Instant,
): AgreementSheet | undefined => {
  const agreement = agreements.find((one) => one.id === id)
  const merchant = merchants.find((one) => one.id === agreement?.merchant)
  if (!agreement || !merchant) return undefined
  const channel = tools.channels.find((listed) => listed.channel.id === agreement.channel)?.channel
  const settings = channel?.settings.safeParse(agreement.settings)
  const account = merchant.accounts.find((one) => one.id === agreement.account)
  return {
    id,
    channel: agreement.channel,
    retired: agreement.retired,
    ...(agreement.pause ? { pause: agreement.pause } : {}),
    limits: agreement.limits,
    merchant: { id: merchant.id, name: merchant.name, registrationNumber: merchant.registrationNumber },
    account: { id: agreement.account, iban: account?.iban ?? '' },
    channelName: channel?.name ?? { en: agreement.channel },
    validFrom: showMoment(agreement.validFrom, 'first'),
    validTo: agreement.validTo === undefined ? null : showMoment(agreement.validTo, 'last'),
    settings: settings?.success ? settings.data : agreement.settings,
    keys: agreement.keys.map((key) => keyOf(agreement, key, channel?.keys[key.name]?.purpose ?? '', tools, now)),
    findings: agreement.retired ? [] : findingsOfAgreement(agreement, tools, now),
  }
}

const keyOf = (agreement: StoredAgreement, key: StoredKey, purpose: string, tools: Tools, now: Instant): SheetKey => ({
  id: key.id,
  name: key.name,
  kind: key.kind,
  whose: WHOSE[key.kind],
  purpose,
  validNow: isValid(key, now),
  from: key.from === undefined ? null : showMoment(key.from, 'first'),
  to: key.to === undefined ? null : showMoment(key.to, 'last'),
  fingerprint: key.fingerprint ?? null,
  certificateEnds: key.notAfter === undefined ? null : showMoment(key.notAfter, 'last'),
  publicKey: publicOf(agreement, key, tools) ?? null,
})

/** Undefined under the wrong master key: the findings say so. */
const publicOf = (agreement: StoredAgreement, key: StoredKey, tools: Tools): string | undefined => {
  try {
    return publicHalf(tools.materialOf(agreement, key))
  } catch (fault) {
    if (fault instanceof CannotOpen) return undefined
    throw fault
  }
}
