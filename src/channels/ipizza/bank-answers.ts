import { type Money, toDecimal } from '../../kernel/money.ts'
import { type Instant, localTime } from '../../kernel/time.ts'
import { lengthPrefixed } from '../../wire/length-prefix.ts'
import type { Bank } from '../simulator.ts'
import { type BankRules, bytesIn, type Contract, type Fields, hashOf } from './bank-orders.ts'
import type { Flaw } from './choices.ts'

/** What a simulated bank answers, and in which flawed ways. */

export type BookedOrder = {
  readonly id: string
  readonly contract: Contract
  /** As the merchant sent it. */
  readonly fields: Fields
  readonly ordered: Money
  readonly madeAt: Instant
  readonly status: 'open' | 'paid' | 'cancelled'
  /** What the bank took. */
  readonly taken?: Money
  readonly paymentNumber?: string
}

/** One answer, ready to leave; `charset` is that of its letters on the wire. */
export type WrittenAnswer = { readonly fields: readonly (readonly [string, string])[]; readonly charset: string }

type AnswerRow = { readonly service: string; readonly signed: string }

/** By the service of the order: the answers to it, with the fields they sign, in order. */
const PAID: Readonly<Record<string, AnswerRow>> = {
  '100': {
    service: '1101',
    signed: 'SERVICE VERSION SND_ID REC_ID STAMP T_NO AMOUNT CURR REC_ACC REC_NAME SND_ACC SND_NAME REF MSG T_DATE',
  },
  '101': {
    service: '1111',
    signed: 'SERVICE VERSION SND_ID REC_ID STAMP T_NO AMOUNT CURR REC_ACC REC_NAME SND_ACC SND_NAME REF MSG T_DATETIME',
  },
}
const NOT_PAID: Readonly<Record<string, AnswerRow>> = {
  '100': { service: '1901', signed: 'SERVICE VERSION SND_ID REC_ID STAMP REF MSG' },
  '101': { service: '1911', signed: 'SERVICE VERSION SND_ID REC_ID STAMP REF MSG' },
}

/** Taken for processing: no payment number, no time. */
const ACCEPTED: AnswerRow = {
  service: '1201',
  signed: 'SERVICE VERSION SND_ID REC_ID STAMP AMOUNT CURR REC_ACC REC_NAME SND_ACC SND_NAME REF MSG',
}

/** An invented person. */
const PAYER = { account: 'LV44HABA0551000000777', name: 'ILZE PARAUDZIŅA-ĶĒNIŅA' }
const STRANGER = 9

/** The bank's answer to an order: `1111` or `1911`, `1101` or `1901`; `1201` where it takes it for processing first. VK_AUTO says by whom it travels and is not signed. */
export const answer = async (
  order: BookedOrder,
  says: 'paid' | 'not paid' | 'accepted',
  auto: 'Y' | 'N',
  { rules, flaw, bank }: { readonly rules: BankRules; readonly flaw: Flaw | undefined; readonly bank: Bank },
): Promise<WrittenAnswer> => {
  const kind = (order.fields.VK_SERVICE ?? '').slice(0, 3)
  const row = says === 'accepted' ? ACCEPTED : (says === 'paid' ? PAID : NOT_PAID)[kind]
  if (!row) throw new Error(`no answer to service ${order.fields.VK_SERVICE}`)
  const values = valuesOf(order, row.service, flaw, bank.now, rules.zone)
  const names = row.signed.split(' ').map((name) => `VK_${name}`)
  const mac = await macOf(names, values, order.contract, flaw, bank)
  return {
    fields: [
      ...names.map((name) => [name === 'VK_REC_ACC' ? rules.payeeField : name, values[name] ?? ''] as const),
      ['VK_MAC', mac],
      ['VK_LANG', order.fields.VK_LANG ?? ''],
      ['VK_AUTO', auto],
      ['VK_ENCODING', order.contract.charset],
    ],
    charset: flaw === 'another charset' ? 'WINDOWS-1257' : order.contract.charset,
  }
}

const valuesOf = (order: BookedOrder, service: string, flaw: Flaw | undefined, now: Instant, zone: string): Fields => {
  const { contract, fields, ordered, taken = ordered, paymentNumber = '' } = order
  const { year, month, day, hour, minute, second, offset } = localTime(now, zone)
  return {
    VK_SERVICE: service,
    VK_VERSION: contract.version,
    VK_SND_ID: contract.bankId,
    VK_REC_ID: flaw === 'another merchant' ? 'CITS' : contract.senderId,
    VK_STAMP: fields.VK_STAMP ?? '',
    VK_T_NO: paymentNumber,
    VK_AMOUNT: toDecimal(taken),
    VK_CURR: taken.currency,
    VK_REC_ACC: fields.VK_ACC ?? contract.payee.iban,
    VK_REC_NAME: fields.VK_NAME ?? contract.payee.name,
    VK_SND_ACC: PAYER.account,
    VK_SND_NAME: PAYER.name,
    VK_REF: fields.VK_REF ?? '',
    VK_MSG: fields.VK_MSG ?? '',
    VK_T_DATE: `${day}.${month}.${year}`,
    VK_T_DATETIME: `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`,
  }
}

const macOf = async (
  names: readonly string[],
  values: Fields,
  contract: Contract,
  flaw: Flaw | undefined,
  bank: Bank,
): Promise<string> => {
  const text = lengthPrefixed(
    names.map((name) => values[name] ?? ''),
    contract.lengthUnit,
    contract.charset,
  )
  const bytes = text.ok ? bytesIn(text.value, contract.charset) : undefined
  if (!bytes) throw new Error(`the answer cannot be written in ${contract.charset}`)
  const which = flaw === 'stranger’s key' ? STRANGER : flaw === 'next key' ? 1 : 0
  const signature = await bank.sign(contract.agreement, hashOf(contract), bytes, which)
  const mac = Buffer.from(signature).toString('base64')
  return flaw === 'bad signature' ? (mac.startsWith('A') ? 'B' : 'A') + mac.slice(1) : mac
}

/** As a query: `NAME=value&…`, escaped in the answer's charset. */
export const queryOf = ({ fields, charset }: WrittenAnswer): string =>
  fields.map(([name, value]) => `${name}=${escaped(bytesIn(value, charset) ?? new Uint8Array())}`).join('&')

const escaped = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte)
    return /[\w.-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`
  }).join('')
