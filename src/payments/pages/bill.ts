import type { Money } from '../../kernel/money.ts'
import { type Html, html, type Row } from '../../platform/html/index.ts'
import type { Voice } from './page.ts'
import type { BareFrame, Bill, Frame, PaymentReceipt } from './props.ts'

type OnBill = { readonly frame: Frame; readonly bill: Bill }

/** A row of the card; `half` ones stand two beside each other where they fit. */
type CardRow = Row & { readonly shape?: 'amount' | 'for' | 'half' }

/** The card that stands beside every page of a payment: what is to be paid, or with a receipt, what was. */
export const billCard = (on: OnBill, voice: Voice, receipt?: PaymentReceipt): Html => {
  const rows = receipt ? paidRows(on, receipt, voice) : dueRows(on, voice)
  return html`<section class="pay-bill" aria-label="${voice.say('bill.title')}"><dl class="pay-bill__list">${rows.map(
    ({ key, value, shape }) =>
      html`<div class="pay-bill__row${shape && ` pay-bill__row--${shape}`}"><dt>${key}</dt><dd>${value}</dd></div>`,
  )}</dl></section>`
}

const dueRows = ({ frame, bill }: OnBill, voice: Voice): readonly CardRow[] => [
  { key: voice.say('bill.amount'), value: voice.money(bill.amount), shape: 'amount' },
  { key: voice.say('bill.for'), value: voice.local(bill.description), shape: 'for' },
  { key: voice.say('bill.payee'), value: voice.local(frame.brand.merchant) },
  { key: voice.say('bill.reference'), value: bill.reference, shape: 'half' },
  { key: voice.say('bill.until'), value: voice.dateTime(bill.payUntil), shape: 'half' },
]

const paidRows = (on: OnBill, receipt: PaymentReceipt, voice: Voice): readonly CardRow[] =>
  receiptRows(on, receipt, voice).map((row, place) => (place === 0 ? { ...row, shape: 'amount' } : row))

/** What a receipt says, in the order people look for it. */
export const receiptRows = (on: OnReceipt, receipt: PaymentReceipt, voice: Voice): readonly Row[] =>
  receiptLines(on, receipt, voice).map(({ key, value, number }) => ({
    key,
    value: number ? html`<span class="pay-number">${value}</span>` : value,
  }))

/** A number is read digit by digit. */
type ReceiptLine = { readonly key: string; readonly value: string; readonly number?: true }
type OnReceipt = { readonly frame: BareFrame; readonly bill: Bill }

export const receiptLines = (
  { frame, bill }: OnReceipt,
  receipt: PaymentReceipt,
  voice: Voice,
): readonly ReceiptLine[] => [
  { key: voice.say('receipt.paid'), value: voice.money(receipt.paid) },
  ...sumLine(voice.say('receipt.refunded'), receipt.refunded, voice),
  ...sumLine(voice.say('receipt.reversed'), receipt.reversed, voice),
  { key: voice.say('bill.for'), value: voice.local(bill.description) },
  { key: voice.say('bill.payee'), value: payeeName(frame, receipt, voice) },
  ...numberLine(voice.say('receipt.registration'), frame.brand.registrationNumber),
  ...numberLine(voice.say('receipt.account'), inFours(receipt.payee.iban)),
  { key: voice.say('bill.reference'), value: bill.reference },
  ...textLine(voice.say('receipt.paid-at'), receipt.paidAt === undefined ? undefined : voice.dateTime(receipt.paidAt)),
  { key: voice.say('receipt.through'), value: voice.local(receipt.through) },
  ...numberLine(voice.say('receipt.bank-reference'), receipt.bankReference),
]

/** The bank was told one of the merchant's names; whoever reads gets theirs. Another name stands as the bank was told it. */
const payeeName = ({ brand }: BareFrame, { payee }: PaymentReceipt, voice: Voice): string => {
  const own = payee.name === '' || Object.values(brand.merchant).includes(payee.name)
  return own ? voice.local(brand.merchant) : payee.name
}

const textLine = (key: string, value: string | undefined): readonly ReceiptLine[] =>
  value === undefined || value === '' ? [] : [{ key, value }]

const numberLine = (key: string, value: string | undefined): readonly ReceiptLine[] =>
  textLine(key, value).map((line) => ({ ...line, number: true }))

const sumLine = (key: string, sum: Money | undefined, voice: Voice): readonly ReceiptLine[] =>
  textLine(key, sum === undefined || sum.amountMinor === 0 ? undefined : voice.money(sum))

/** An IBAN as people read it: groups of four that do not fall apart at a line's end (print format of ISO 13616). */
const inFours = (iban: string): string => iban.replace(/(.{4})(?=.)/g, '$1\u00a0')
