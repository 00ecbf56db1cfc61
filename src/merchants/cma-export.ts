import { stringify } from 'yaml'
import type { Instant } from '../kernel/time.ts'
import { showDuration } from './describe.ts'
import type { Merchant, OrderKey } from './directory.ts'
import type { Logo } from './look.ts'
import { showMoment } from './moments.ts'
import type { Stored, StoredAgreement, StoredEService, StoredKey } from './stored.ts'

export type Exported = {
  readonly yaml: string
  /** Logos and public keys of signed orders, to be written beside it. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[]
}

/**
 * The database as a `cma.yaml`, without what is retired: applied to the same database it changes nothing. Keys are never shown again;
 * `{ stored: key_… }` stands for each, and another database wants the key itself.
 */
export const exportFile = (stored: Stored, notices: ReadonlyMap<string, readonly string[]>): Exported => {
  const files: { readonly path: string; readonly bytes: Uint8Array }[] = []
  const logoFile = (name: string, logo: Logo | undefined): string | undefined => {
    if (!logo) return undefined
    const path = `look/${name}.${logo.type === 'image/png' ? 'png' : 'svg'}`
    files.push({ path, bytes: logo.bytes })
    return path
  }
  const orderKeyFile = (eService: string, index: number, { publicKey, from, to }: OrderKey) => {
    const path = `keys/order-${eService}-${index + 1}.pem`
    files.push({ path, bytes: Buffer.from(publicKey) })
    return { publicKey: { file: path }, ...datesOf({ from, to }) }
  }
  const live = {
    agreements: stored.agreements.filter(({ retired }) => !retired),
    eServices: stored.eServices.filter(({ retired }) => !retired),
  }
  const merchants = stored.merchants.map((merchant) => ({
    ...ofMerchant(merchant),
    agreements: live.agreements
      .filter(isOf(merchant))
      .map((agreement) => ofAgreement(agreement, logoFile(`agreement-${agreement.id}`, agreement.logo))),
    eServices: live.eServices.filter(isOf(merchant)).map((each) => ({
      ...ofEService(each, notices.get(each.id) ?? [], logoFile(`e-service-${each.id}`, each.look.logo)),
      ...(each.orderKeys ? { orderKeys: each.orderKeys.map((key, index) => orderKeyFile(each.id, index, key)) } : {}),
    })),
  }))
  return { yaml: stringify({ version: 1, merchants }), files }
}

const isOf =
  ({ id }: Merchant) =>
  ({ merchant }: { readonly merchant: string }): boolean =>
    merchant === id

const ofMerchant = ({ id, name, registrationNumber, accounts, support }: Merchant) => ({
  id,
  name,
  registrationNumber,
  accounts,
  support,
})

const ofAgreement = (agreement: StoredAgreement, logo: string | undefined) => {
  const { id, channel, account, validFrom, validTo, settings, limits, keys } = agreement
  const names = [...new Set(keys.map(({ name }) => name))]
  return {
    id,
    channel,
    account,
    validFrom: showMoment(validFrom, 'first'),
    ...(validTo === undefined ? {} : { validTo: showMoment(validTo, 'last') }),
    settings,
    keys: Object.fromEntries(names.map((name) => [name, keys.filter((key) => key.name === name).map(ofKey)])),
    limits,
    ...(logo === undefined ? {} : { logo }),
  }
}

const ofKey = ({ id, ...dates }: StoredKey) => ({ stored: id, ...datesOf(dates) })

const datesOf = ({ from, to }: { readonly from?: Instant | undefined; readonly to?: Instant | undefined }) => ({
  ...(from === undefined ? {} : { from: showMoment(from, 'first') }),
  ...(to === undefined ? {} : { to: showMoment(to, 'last') }),
})

const ofEService = (eService: StoredEService, notices: readonly string[], logo: string | undefined) => {
  const { merchant: _merchant, retired: _retired, expiresAfterMs, look, orderKeys: _orderKeys, ...rest } = eService
  return {
    ...rest,
    notices: notices.map((url) => ({ url })),
    expiresAfter: showDuration(expiresAfterMs),
    look: { brandColour: look.brandColour, ...(logo === undefined ? {} : { logo }) },
  }
}
