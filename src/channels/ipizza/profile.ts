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

/** Settings of an agreement, as in `cma.yaml`. */
export const ipizzaSettings = ({ bankId, services, limits }: Pick<Profile, 'bankId' | 'services' | 'limits'>) =>
  z.strictObject({
    senderId: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'must be letters and digits without spaces')
      .max(limits.VK_SND_ID ?? 15),
    bankId: bankId === undefined ? BankId : BankId.default(bankId),
    service: z.enum(services),
    version: z.enum(keysOf<keyof typeof VERSIONS>(VERSIONS)),
    charset: z.enum(CHARSETS).default('UTF-8'),
    fallbackCharsets: z.array(z.enum(CHARSETS)).max(CHARSETS.length).default([]),
    lengthUnit: z.enum(['chars', 'bytes']).default('chars'),
    url: z.url({ protocol: /^https?$/ }),
    payableForMinutes: z.int().min(1).max(MAX_PAYABLE_FOR_MINUTES).default(PAYABLE_FOR_MINUTES),
  })
export type IpizzaSettings = z.infer<ReturnType<typeof ipizzaSettings>>
