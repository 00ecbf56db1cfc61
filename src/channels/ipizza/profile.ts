import { z } from 'zod'
import type { Localized } from '../../kernel/language.ts'
import { CHARSETS } from '../../wire/charset.ts'
import { type RequestField, type RequestService, VERSIONS } from './services.ts'

/** What one bank of the family does in its own way. Lengths are the bank's limits of what we send, in the agreement's length unit. */
export type Profile = {
  readonly id: string
  readonly name: Localized
  /** VK_SND_ID of the bank's answers, unless the contract names another. Absent: the contract must name it. */
  readonly bankId?: string
  /** Orders that the bank takes. */
  readonly services: readonly RequestService[]
  readonly limits: Readonly<Partial<Record<RequestField, number>>>
  /** `one`: exactly one of VK_REF and VK_MSG is filled, the other is sent empty. */
  readonly texts: 'one' | 'both'
  /** Whether VK_RETURN and VK_CANCEL may have a query string. */
  readonly queryInReturn: boolean
  /** VK_LANG by our language, and the one for all others. */
  readonly languages: Readonly<Record<string, string>>
  readonly otherLanguage: string
  /** IANA zone of the bank's clock: VK_DATETIME is written and VK_T_DATE is read in it. */
  readonly zone: string
  /** Where the paid account may stand instead of VK_REC_ACC; it signs in the same place. */
  readonly payeeField?: 'VK_ACC'
}

/** Our choice: the banks' documents give no time within which an order is paid. */
const PAYABLE_FOR_MINUTES = 60
const MAX_PAYABLE_FOR_MINUTES = 7 * 24 * 60

const keysOf = <Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] =>
  Object.keys(table).filter((key): key is Key => Object.hasOwn(table, key))

const BankId = z.string().min(1).max(15)
const BANK_ID = 'VK_SND_ID of the bank’s answers'

/** Settings of an agreement, as in `cma.yaml`. */
export const ipizzaSettings = ({ bankId, services, limits }: Pick<Profile, 'bankId' | 'services' | 'limits'>) =>
  z.strictObject({
    senderId: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'must be letters and digits without spaces')
      .max(limits.VK_SND_ID ?? 15)
      .describe('who we are to the bank: VK_SND_ID of orders, VK_REC_ID of answers'),
    bankId: (bankId === undefined ? BankId : BankId.default(bankId)).describe(BANK_ID),
    service: z
      .enum(services)
      .describe(
        'the order that was agreed on; 1001 and 1011 name the account, for 1002 and 1012 it is that of the contract',
      ),
    version: z
      .enum(keysOf<keyof typeof VERSIONS>(VERSIONS))
      .describe('VK_VERSION of orders and answers: 008 signs with SHA-1, 009 with SHA-512'),
    charset: z.enum(CHARSETS).default('UTF-8').describe('VK_ENCODING: in which orders are written'),
    fallbackCharsets: z
      .array(z.enum(CHARSETS))
      .max(CHARSETS.length)
      .default([])
      .describe('tried in this order when an answer does not verify in the charset that it names'),
    lengthUnit: z
      .enum(['chars', 'bytes'])
      .default('chars')
      .describe('what the lengths in the signed text count; bytes at some contracts made before 2014'),
    url: z.url({ protocol: /^https?$/ }).describe('where the payer’s browser posts the order'),
    payableForMinutes: z
      .int()
      .min(1)
      .max(MAX_PAYABLE_FOR_MINUTES)
      .default(PAYABLE_FOR_MINUTES)
      .describe('for how long after the order the bank takes the money'),
  })
export type IpizzaSettings = z.infer<ReturnType<typeof ipizzaSettings>>
