import type { Language } from '../../kernel/language.ts'
import { type Directory, type EService, eServiceLogo } from '../../merchants/index.ts'
import { shortHash, themeCss } from '../../platform/html/index.ts'
import { spokenLanguages } from '../../platform/texts/index.ts'
import type { PaymentRow } from '../store/index.ts'
import type { AssetAddresses, BareFrame, Brand, Frame } from './props.ts'

/** Address of an e-service's theme below the hub's root; the hash is of its content, so an answer may be kept for ever. */
export const themeAddress = (eService: EService): string =>
  `/look/${eService.id}-${shortHash(themeCss(eService.look))}.css`

const brandOf = (directory: Directory, eService: EService, path: string): Brand => {
  const merchant = directory.merchants.get(eService.merchant)
  const logo = eServiceLogo(eService)
  return {
    merchant: merchant?.name ?? eService.name,
    ...(merchant ? { registrationNumber: merchant.registrationNumber } : {}),
    eService: eService.name,
    stylesheet: path + themeAddress(eService),
    ...(logo ? { logo: path + logo } : {}),
    support: { ...merchant?.support, ...eService.support },
    ...(eService.privacyUrl ? { privacyUrl: eService.privacyUrl } : {}),
    texts: eService.texts,
  }
}

const languagesOf = (eService: EService): readonly Language[] => {
  const spoken = eService.languages.filter((language) => spokenLanguages.includes(language))
  return spoken.length > 0 ? spoken : spokenLanguages
}

/** The number a payer reads out to support: the end of the payment's id, in two groups. Finds it, opens nothing. */
export const quoteOf = (id: string): string =>
  id
    .slice(-8)
    .toUpperCase()
    .replace(/(.{4})/, '$1-')

export const frameOf = (
  path: string,
  directory: Directory,
  row: PaymentRow,
  assets: AssetAddresses,
  asked: Language | undefined,
): Frame | undefined => {
  const bare = bareFrameOf(path, directory, row, asked)
  return bare && { ...bare, assets }
}

/** Undefined when the e-service is not in the directory (any more). `path` is that of the hub's public address. */
export const bareFrameOf = (
  path: string,
  directory: Directory,
  row: PaymentRow,
  asked: Language | undefined,
): BareFrame | undefined => {
  const eService = directory.eServices.get(row.eService)
  if (!eService) return undefined
  const languages = languagesOf(eService)
  const [first = 'en'] = languages
  const language = [asked, row.details.language].find((one) => one !== undefined && languages.includes(one)) ?? first
  return {
    language,
    languages,
    pay: `${path}/pay/${row.payToken}`,
    brand: brandOf(directory, eService, path),
    mode: row.mode,
    quote: quoteOf(row.id),
  }
}
