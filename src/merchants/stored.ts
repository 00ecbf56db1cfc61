import type { Instant } from '../kernel/time.ts'
import type { KeyMaterial } from '../platform/crypto/index.ts'
import type { AgreementRecord, Merchant } from './directory.ts'
import type { OwnEService } from './wanted.ts'

/** The personalisation database, as it is at one revision. */
export type Stored = {
  readonly revision: number
  readonly merchants: readonly Merchant[]
  readonly agreements: readonly StoredAgreement[]
  readonly eServices: readonly StoredEService[]
  /** Not the revoked ones. */
  readonly apiKeys: readonly StoredApiKey[]
}

export type StoredAgreement = AgreementRecord & { readonly keys: readonly StoredKey[] }

export type StoredKey = {
  readonly id: string
  readonly name: string
  readonly kind: KeyMaterial['kind']
  readonly from?: Instant
  readonly to?: Instant
  /** SHA-256 of the public half; a secret has none. */
  readonly fingerprint?: string
  /** End of the certificate, where there is one. */
  readonly notAfter?: Instant
  readonly sealed: string
}

export type StoredEService = OwnEService & { readonly retired: boolean }

export type StoredApiKey = {
  readonly id: string
  readonly merchant: string
  readonly eService: string
  readonly name: string
  readonly scopes: readonly string[]
  /** SHA-256 of the key. */
  readonly hash: Uint8Array
  readonly createdAt: Instant
  readonly lastUsedAt?: Instant
}
