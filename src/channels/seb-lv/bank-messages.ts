import { z } from 'zod'
import { fromDecimal, type Money, toDecimal } from '../../kernel/money.ts'
import { type Instant, localTime } from '../../kernel/time.ts'
import { lengthPrefixed } from '../../wire/length-prefix.ts'
import type { WireMessage } from '../channel.ts'
import { type Bank, NOT_TOLD_OF, type Setup } from '../simulator.ts'
import type { Flaw, Word } from './choices.ts'

/** How the simulated bank takes an order and words its answers, by its e-Link document. */

const Terms = z.object({ senderId: z.string(), version: z.string().default('002') })
export type Contract = z.infer<typeof Terms> & {
  readonly agreement: string
  readonly payee: { readonly iban: string; readonly name: string }
}
export type Fields = Readonly<Record<string, string>>
export type BookedOrder = {
  readonly id: string
  readonly contract: Contract
  /** As the merchant sent it. */
  readonly fields: Fields
  readonly ordered: Money
  readonly madeAt: Instant
  readonly decidedAt?: Instant
  readonly status: 'open' | 'paid' | 'cancelled'
  /** What the bank took. */
  readonly taken?: Money
}

export const contractsOf = ({ agreements }: Setup): readonly Contract[] =>
  agreements.map(({ id, settings, payee }) => ({ ...Terms.parse(settings), agreement: id, payee }))

const ORDER = 'SND_ID SERVICE VERSION AMOUNT CURR NAME PAYMENT_ID PAYMENT_DESC'
const ACCEPTED =
  'SND_ID SERVICE VERSION PAYMENT_ID AMOUNT CURR REC_ID REC_ACC REC_NAME PAYER_ACC PAYER_NAME PAYMENT_DESC PAYMENT_DATE PAYMENT_TIME'
const FINAL = 'SND_ID SERVICE VERSION REC_ID PAYMENT_ID PAYMENT_DESC FROM_SERVER STATUS'
const LENGTHS: readonly (readonly [string, number])[] = [
  ['IB_SND_ID', 10],
  ['IB_AMOUNT', 17],
  ['IB_CURR', 3],
  ['IB_NAME', 30],
  ['IB_PAYMENT_ID', 20],
  ['IB_PAYMENT_DESC', 100],
  ['IB_CRC', 700],
  ['IB_FEEDBACK', 150],
]

const namesOf = (signed: string): readonly string[] => signed.split(' ').map((name) => `IB_${name}`)

/** The order in a posted form, or a sentence of what the bank has against it. */
export const takeOrder = async (
  contracts: readonly Contract[],
  message: WireMessage,
  bank: Bank,
): Promise<{ readonly contract: Contract; readonly fields: Fields; readonly ordered: Money } | string> => {
  const fields: Fields = Object.fromEntries(new URLSearchParams(Buffer.from(message.body).toString('utf8')))
  const known = contracts.filter(({ senderId }) => senderId === fields.IB_SND_ID)
  if (known.length === 0) return `no merchant is called "${fields.IB_SND_ID ?? ''}" (IB_SND_ID)${NOT_TOLD_OF}`
  const fault = faultOf(fields)
  if (fault !== undefined) return fault
  const ordered = fromDecimal(fields.IB_AMOUNT ?? '', 'EUR')
  if (!ordered.ok || ordered.value.amountMinor === 0) return `IB_AMOUNT "${fields.IB_AMOUNT}" cannot be paid`
  const bytes = signedBytes(ORDER, fields)
  const crc = new Uint8Array(Buffer.from(fields.IB_CRC ?? '', 'base64'))
  for (const contract of known) {
    if (fields.IB_VERSION !== contract.version) continue
    if (await bank.verify(contract.agreement, hashOf(contract.version), bytes, crc)) {
      return { contract, fields, ordered: ordered.value }
    }
  }
  return 'IB_CRC or IB_VERSION does not fit the order'
}

const faultOf = (fields: Fields): string | undefined => {
  if (fields.IB_SERVICE !== '0002') return `IB_SERVICE "${fields.IB_SERVICE ?? ''}" is no order`
  const empty = [...namesOf(ORDER), 'IB_CRC', 'IB_FEEDBACK', 'IB_LANG'].find((name) => !fields[name])
  if (empty !== undefined) return `${empty} is not in the form`
  const long = LENGTHS.find(([name, most]) => [...(fields[name] ?? '')].length > most)
  if (long) return `${long[0]} is longer than ${long[1]}`
  if (fields.IB_CURR !== 'EUR') return `IB_CURR "${fields.IB_CURR}" is not taken here`
  if (!/^\d+\.\d{2}$/.test(fields.IB_AMOUNT ?? '')) return `IB_AMOUNT "${fields.IB_AMOUNT}" is not an amount like 12.34`
  if (!/^https?:\/\//.test(fields.IB_FEEDBACK ?? '')) return 'IB_FEEDBACK is no address'
  return ['LAT', 'ENG', 'RUS'].includes(fields.IB_LANG ?? '') ? undefined : 'IB_LANG must be LAT, ENG or RUS'
}

const signedBytes = (signed: string, values: Fields): Uint8Array => {
  const texts = namesOf(signed).map((name) => values[name] ?? '')
  const text = lengthPrefixed(texts, 'chars', 'UTF-8')
  return new TextEncoder().encode(text.ok ? text.value : '')
}

const hashOf = (version: string) => (version === '001' ? 'rsa-sha1' : 'rsa-sha512')

/** An invented person. */
const PAYER = { account: 'LV21PARX0000000000003', name: 'ILZE PARAUDZIŅA-ĶĒNIŅA' }
const STRANGER = 9

/** The bank's message about an order. Who brings it is signed in 0004 and not in 0003. */
export const worded = async (
  order: BookedOrder,
  word: Word,
  fromServer: 'Y' | 'N',
  flaw: Flaw | undefined,
  bank: Bank,
): Promise<readonly (readonly [string, string])[]> => {
  const version = flaw === 'older version' ? '001' : order.contract.version
  const values = { ...valuesOf(order, word, flaw, bank.now), IB_VERSION: version, IB_FROM_SERVER: fromServer }
  const signed = word === 'accepted' ? ACCEPTED : FINAL
  const which = flaw === 'stranger’s key' ? STRANGER : flaw === 'next key' ? 1 : 0
  const bytes = signedBytes(signed, values)
  const signature = await bank.sign(order.contract.agreement, hashOf(version), bytes, which)
  const crc = Buffer.from(signature).toString('base64')
  const names = word === 'accepted' ? [...namesOf(signed), 'IB_FROM_SERVER'] : namesOf(signed)
  const texts: Fields = values
  return [
    ...names.map((name) => [name, texts[name] ?? ''] as const),
    ['IB_CRC', flaw === 'bad signature' ? (crc.startsWith('A') ? 'B' : 'A') + crc.slice(1) : crc],
    ['IB_LANG', order.fields.IB_LANG ?? ''],
  ]
}

const valuesOf = (order: BookedOrder, word: Word, flaw: Flaw | undefined, now: Instant) => {
  const { contract, fields, ordered, taken = ordered } = order
  const { year, month, day, hour, minute, second } = localTime(order.decidedAt ?? now, 'Europe/Riga')
  return {
    IB_SND_ID: 'SEBUB',
    IB_SERVICE: word === 'accepted' ? '0003' : '0004',
    IB_PAYMENT_ID: fields.IB_PAYMENT_ID ?? '',
    IB_AMOUNT: toDecimal(taken),
    IB_CURR: taken.currency,
    IB_REC_ID: flaw === 'another merchant' ? 'CITS' : contract.senderId,
    IB_REC_ACC: contract.payee.iban,
    IB_REC_NAME: [...contract.payee.name].slice(0, 30).join(''),
    IB_PAYER_ACC: PAYER.account,
    IB_PAYER_NAME: PAYER.name,
    IB_PAYMENT_DESC: fields.IB_PAYMENT_DESC ?? '',
    IB_PAYMENT_DATE: `${day}.${month}.${year}`,
    IB_PAYMENT_TIME: `${hour}:${minute}:${second}`,
    IB_STATUS: word === 'accomplished' ? 'ACCOMPLISHED' : 'CANCELLED',
  }
}
