import type { Instant } from '../kernel/time.ts'
import type { KeyMaterial } from '../platform/crypto/index.ts'
import type { AgreementRecord, EService, Merchant, Support } from './directory.ts'
import type { Place, Problem } from './located.ts'

/** What a `cma.yaml` asks for: checked, its keys and logos read. `place` is where each stands in the file. */
export type Wanted = {
  readonly merchants: readonly WantedMerchant[]
  /** Says where in the file something is wrong that only the database shows. */
  problem(place: Place, message: string): Problem
}

export type WantedMerchant = Merchant & {
  readonly place: Place
  readonly agreements: readonly WantedAgreement[]
  readonly eServices: readonly WantedEService[]
}

export type WantedAgreement = Omit<AgreementRecord, 'retired' | 'pause'> & {
  readonly place: Place
  readonly keys: readonly WantedKey[]
}

export type WantedKey = {
  readonly place: Place
  readonly name: string
  readonly from?: Instant
  readonly to?: Instant
  /** The key itself, or the id of one that is already stored (`export` writes that: keys are never shown again). */
  readonly key: KeyMaterial | { readonly kind: 'stored'; readonly id: string }
}

/** Own support only; without it the merchant's stands in. */
export type OwnEService = Omit<EService, 'retired' | 'support'> & { readonly support?: Support }

export type WantedEService = OwnEService & {
  readonly place: Place
  readonly notices: readonly string[]
}
