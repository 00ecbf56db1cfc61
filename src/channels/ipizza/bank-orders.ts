import { z } from 'zod'
import { fromDecimal, type Money } from '../../kernel/money.ts'
import { MINUTE_MS, parseInstant } from '../../kernel/time.ts'
import { CHARSETS } from '../../wire/charset.ts'
import { lengthPrefixed } from '../../wire/length-prefix.ts'
import type { WireMessage } from '../channel.ts'
import { type Bank, NOT_TOLD_OF, type Setup } from '../simulator.ts'

/** How a simulated bank takes an order: what it agreed on with the merchant, and the checks it makes before it shows a page. */

/** What differs from bank to bank, as the bank's own document prints it. */
export type BankRules = {
  readonly channel: string
  /** VK_SND_ID of its answers; absent: as the contract says. */
  readonly bankId?: string
  readonly services: readonly string[]
  readonly zone: string
  readonly currencies: readonly string[]
  /** Longest value of each field of an order, in characters. */
  readonly lengths: Readonly<Record<string, number>>
  readonly languages: readonly string[]
  /** Whether it takes an order with both VK_REF and VK_MSG filled. */
  readonly bothTexts: boolean
  /** Whether its server tells of a payment that was not made; otherwise only the payer does. */
  readonly tellsOfRefusals: boolean
  /** Whether it may take an order for processing (1201) before it is paid. */
  readonly accepts: boolean
  /** The field in which it writes the paid account. */
  readonly payeeField: 'VK_REC_ACC' | 'VK_ACC'
}

const Terms = z.object({
  senderId: z.string(),
  bankId: z.string().optional(),
  version: z.enum(['008', '009']),
  charset: z.enum(CHARSETS).default('UTF-8'),
  lengthUnit: z.enum(['chars', 'bytes']).default('chars'),
})
export type Contract = Omit<z.infer<typeof Terms>, 'bankId'> & {
  readonly bankId: string
  readonly agreement: string
  readonly payee: { readonly iban: string; readonly name: string }
}

export const contractsOf = (rules: BankRules, { agreements }: Setup): readonly Contract[] =>
  agreements.map(({ id, settings, payee }) => {
    const { bankId = rules.bankId, ...terms } = Terms.parse(settings)
    if (bankId === undefined)
      throw new Error(`the agreement ${id} does not say what ${rules.channel} calls itself (bankId)`)
    return { ...terms, bankId, agreement: id, payee }
  })

/** Signed fields of an order, as the bank's specification lists them. */
const SIGNED: Readonly<Record<string, string>> = {
  '1001': 'SERVICE VERSION SND_ID STAMP AMOUNT CURR ACC NAME REF MSG',
  '1002': 'SERVICE VERSION SND_ID STAMP AMOUNT CURR REF MSG',
  '1011': 'SERVICE VERSION SND_ID STAMP AMOUNT CURR ACC NAME REF MSG RETURN CANCEL DATETIME',
  '1012': 'SERVICE VERSION SND_ID STAMP AMOUNT CURR REF MSG RETURN CANCEL DATETIME',
}
const TRAVELS_UNSIGNED = ['VK_RETURN', 'VK_LANG', 'VK_ENCODING', 'VK_MAC']
/** How far the clocks of merchant and bank may differ. */
const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS

export type Fields = Readonly<Record<string, string>>
export type TakenOrder = { readonly contract: Contract; readonly fields: Fields; readonly amount: Money }

/** The order in a posted form, or a sentence of what the bank has against it. Fields the bank does not know are passed over. */
export const takeOrder = async (
  rules: BankRules,
  contracts: readonly Contract[],
  message: WireMessage,
  bank: Bank,
): Promise<TakenOrder | string> => {
  const posted = fieldsOf(message, 'UTF-8')
  const known = contracts.filter(({ senderId }) => senderId === posted.VK_SND_ID)
  if (known.length === 0) return `no merchant is called "${posted.VK_SND_ID ?? ''}" (VK_SND_ID)${NOT_TOLD_OF}`
  let objection = ''
  for (const contract of known) {
    const fields = fieldsOf(message, contract.charset)
    objection = (await objectionTo(rules, contract, fields, bank)) ?? ''
    if (objection === '') return taken(rules, contract, fields)
  }
  return objection
}

const taken = (rules: BankRules, contract: Contract, fields: Fields): TakenOrder | string => {
  const { VK_AMOUNT = '', VK_CURR = '' } = fields
  if (!/^\d+\.\d{2}$/.test(VK_AMOUNT)) return `VK_AMOUNT "${VK_AMOUNT}" is not an amount like 12.34`
  if (!rules.currencies.includes(VK_CURR)) return `VK_CURR "${VK_CURR}" is not taken here`
  const amount = fromDecimal(VK_AMOUNT, VK_CURR)
  if (!amount.ok || amount.value.amountMinor === 0) return `VK_AMOUNT "${VK_AMOUNT}" cannot be paid`
  return { contract, fields, amount: amount.value }
}

const objectionTo = async (
  rules: BankRules,
  contract: Contract,
  fields: Fields,
  bank: Bank,
): Promise<string | undefined> => {
  const names = SIGNED[fields.VK_SERVICE ?? '']?.split(' ').map((name) => `VK_${name}`)
  if (!names || !rules.services.includes(fields.VK_SERVICE ?? ''))
    return `VK_SERVICE "${fields.VK_SERVICE ?? ''}" is no order`
  if (fields.VK_VERSION !== contract.version) return `VK_VERSION must be ${contract.version}`
  const absent = [...names, ...TRAVELS_UNSIGNED].find((name) => fields[name] === undefined)
  if (absent !== undefined) return `${absent} is not in the form; a field without a value is sent empty`
  if ((fields.VK_ENCODING ?? '').toUpperCase() !== contract.charset) return `VK_ENCODING must be ${contract.charset}`
  if (!(await isSigned(names, contract, fields, bank))) return 'VK_MAC does not fit the order'
  return formObjection(rules, names, fields, bank)
}

const isSigned = async (names: readonly string[], contract: Contract, fields: Fields, bank: Bank): Promise<boolean> => {
  const text = lengthPrefixed(
    names.map((name) => fields[name] ?? ''),
    contract.lengthUnit,
    contract.charset,
  )
  const mac = Buffer.from(fields.VK_MAC ?? '', 'base64')
  const bytes = text.ok ? bytesIn(text.value, contract.charset) : undefined
  return bytes !== undefined && bank.verify(contract.agreement, hashOf(contract), bytes, new Uint8Array(mac))
}

/** 008 signs with SHA-1, 009 with SHA-512. */
export const hashOf = ({ version }: Contract) => (version === '009' ? 'rsa-sha512' : 'rsa-sha1')

const formObjection = (rules: BankRules, names: readonly string[], fields: Fields, bank: Bank): string | undefined => {
  const long = Object.entries(rules.lengths).find(([name, most]) => [...(fields[name] ?? '')].length > most)
  if (long) return `${long[0]} is longer than ${long[1]}`
  if (!fields.VK_STAMP) return 'VK_STAMP is empty'
  const texts = [fields.VK_REF, fields.VK_MSG].filter((text) => text !== '').length
  if (texts === 0 || (texts === 2 && !rules.bothTexts)) return 'exactly one of VK_REF and VK_MSG must be filled'
  if (!/^https?:\/\/[^?#]+$/.test(fields.VK_RETURN ?? '')) return 'VK_RETURN must be an address without a query'
  if (!rules.languages.includes(fields.VK_LANG ?? '')) return `VK_LANG must be one of ${rules.languages.join(', ')}`
  if (!names.includes('VK_DATETIME')) return undefined
  const at = parseInstant(fields.VK_DATETIME ?? '')
  if (at === undefined || (fields.VK_DATETIME ?? '').length !== 24)
    return 'VK_DATETIME is not like 2026-11-23T09:15:00+0200'
  return Math.abs(bank.now - at) > CLOCK_TOLERANCE_MS ? 'VK_DATETIME is more than 5 minutes away' : undefined
}

const fieldsOf = ({ body }: WireMessage, charset: string): Fields => {
  const plain = (text: string): string => {
    const bytes = Buffer.from(unescapedLatin1(text.replaceAll('+', ' ')), 'latin1')
    return new TextDecoder(charset).decode(bytes)
  }
  const pairs = Buffer.from(body).toString('latin1').split('&')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [plain(name), plain(value.join('='))]
    }),
  )
}

const unescapedLatin1 = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** The bytes of a text; undefined when the charset lacks a letter. The bank's own table, so that it errs for itself. */
export const bytesIn = (text: string, charset: string): Uint8Array | undefined => {
  if (charset === 'UTF-8') return new TextEncoder().encode(text)
  const decoder = new TextDecoder(charset)
  const byLetter = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]))
  const bytes = Array.from(text, (letter) => byLetter.get(letter))
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes, (byte) => byte ?? 0)
}
