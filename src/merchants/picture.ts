import { sameBytes } from '../platform/crypto/index.ts'
import type { AgreementRecord, Directory, EService, Merchant } from './directory.ts'
import { hashOfApiKey } from './keys.ts'
import type { Stored, StoredAgreement, StoredApiKey, StoredEService } from './stored.ts'

/** The directory with what only this module may see. */
export type Picture = {
  readonly directory: Directory
  readonly agreements: ReadonlyMap<string, StoredAgreement>
  apiKey(key: string): StoredApiKey | undefined
}

export const pictureOf = (stored: Stored): Picture => {
  const merchants = new Map(stored.merchants.map((merchant) => [merchant.id, merchant]))
  const agreements = new Map(stored.agreements.map((agreement) => [agreement.id, agreement]))
  const byHash = new Map(stored.apiKeys.map((key) => [Buffer.from(key.hash).toString('hex'), key]))
  return {
    directory: {
      revision: stored.revision,
      merchants,
      eServices: new Map(stored.eServices.map((eService) => [eService.id, withSupport(eService, merchants)])),
      agreements: new Map(stored.agreements.map((agreement) => [agreement.id, withoutKeys(agreement)])),
    },
    agreements,
    apiKey(key) {
      const hash = hashOfApiKey(key)
      const found = byHash.get(Buffer.from(hash).toString('hex'))
      return found && sameBytes(found.hash, hash) ? found : undefined
    },
  }
}

const withSupport = (eService: StoredEService, merchants: ReadonlyMap<string, Merchant>): EService => ({
  ...eService,
  support: eService.support ?? merchants.get(eService.merchant)?.support ?? {},
})

const withoutKeys = ({ keys: _keys, ...record }: StoredAgreement): AgreementRecord => record
