import type { Money } from '../../src/kernel/money.ts'
import type { Flag } from '../../src/payments/facts.ts'
import type { TestHub } from '../support/hub.ts'
import { type Block, type Case, type Expected, executed, standing } from './case.ts'
import {
  AMOUNT_MINOR,
  type Bill,
  cancel,
  expiringIn,
  goBack,
  goTo,
  LONG_MS,
  order,
  PAST_LAST_MOMENT_MS,
  pass,
  SHORT_MS,
  sandboxDecides,
  sandboxTells,
  swedbank,
  type Tried,
} from './moves.ts'

/** Late, over and under: how the one attempt stood × what had become of the payment × what money the bank tells of. */

export type MoneyKind = {
  readonly words: string
  readonly money: Money
  /** What a message with such money raises; absent: it is as ordered. */
  readonly raises?: Flag
}
export const MONEY: readonly MoneyKind[] = [
  { words: 'the sum ordered', money: { amountMinor: AMOUNT_MINOR, currency: 'EUR' } },
  { words: 'one cent less', money: { amountMinor: AMOUNT_MINOR - 1, currency: 'EUR' }, raises: 'amount_mismatch' },
  { words: 'one cent more', money: { amountMinor: AMOUNT_MINOR + 1, currency: 'EUR' }, raises: 'amount_mismatch' },
  { words: 'another currency', money: { amountMinor: AMOUNT_MINOR, currency: 'SEK' }, raises: 'currency_mismatch' },
]

/** How an attempt at a bank link stood when its money came. */
export const ATTEMPTS = {
  started: { words: 'the payer is at the bank', play: async () => {} },
  refused: {
    words: 'the bank has refused',
    play: (hub: TestHub, tried: Tried) => swedbank(hub, tried, { says: 'not paid' }),
  },
  lapsed: { words: 'the bank’s last moment is past', play: (hub: TestHub) => pass(hub, PAST_LAST_MOMENT_MS) },
} as const
export type AttemptStood = keyof typeof ATTEMPTS

/** The other bank tells a payer's own cancel from its refusal: nobody contradicts himself who pays after all. */
const GIVEN_UP = {
  words: 'the payer has cancelled at the bank',
  play: (hub: TestHub, tried: Tried) => sandboxDecides(hub, tried, 'cancel'),
}
const STOOD = { ...ATTEMPTS, given_up: GIVEN_UP }
type Stood = keyof typeof STOOD
const bankOf = (attempt: Stood) => (attempt === 'given_up' ? 'sandbox' : 'swedbank-lv')

/** What had become of the payment meanwhile. */
const PAYMENTS = {
  goes_on: { words: 'the payment is open', play: async () => {} },
  cancelled: { words: 'the e-service has cancelled', play: cancel },
  expired: { words: 'the deadline has passed', play: async () => {} },
  refused: { words: 'the payer has gone back to the e-service', play: goBack },
  one: { words: 'the order allows one attempt', play: async () => {} },
} as const
type PaymentStood = keyof typeof PAYMENTS

type Row = {
  readonly attempt: Stood
  readonly payment: PaymentStood
  readonly right: Expected
  readonly wrong: Expected
}

/**
 * By the rules: money as ordered executes whatever was recorded; `paid_late` beside a recorded close, as the refusal of an order's only
 * attempt is too; `contradiction` beside the bank's own refusal, and beside any refusal where money came that confirms nothing. Other money
 * confirms nothing: the attempt is accepted, or stays refused; past its plan's end it is stuck.
 */
const ROWS: readonly Row[] = [
  { attempt: 'started', payment: 'goes_on', right: executed(), wrong: standing('accepted', 'stuck') },
  {
    attempt: 'started',
    payment: 'cancelled',
    right: executed(),
    wrong: { ...standing('accepted', 'stuck'), closing: 'cancelled' },
  },
  {
    attempt: 'started',
    payment: 'expired',
    right: executed(),
    wrong: { ...standing('accepted', 'stuck'), closing: 'expired' },
  },
  { attempt: 'started', payment: 'one', right: executed(), wrong: standing('accepted', 'stuck') },
  {
    attempt: 'refused',
    payment: 'goes_on',
    right: executed('contradiction'),
    wrong: standing('open', 'contradiction'),
  },
  {
    attempt: 'refused',
    payment: 'cancelled',
    right: executed('contradiction', 'paid_late'),
    wrong: standing('cancelled', 'contradiction'),
  },
  {
    attempt: 'refused',
    payment: 'expired',
    right: executed('contradiction', 'paid_late'),
    wrong: standing('expired', 'contradiction'),
  },
  {
    attempt: 'refused',
    payment: 'refused',
    right: executed('contradiction', 'paid_late'),
    wrong: standing('refused', 'contradiction'),
  },
  {
    attempt: 'refused',
    payment: 'one',
    right: executed('contradiction', 'paid_late'),
    wrong: standing('refused', 'contradiction'),
  },
  { attempt: 'lapsed', payment: 'goes_on', right: executed(), wrong: standing('accepted', 'stuck') },
  { attempt: 'lapsed', payment: 'cancelled', right: executed('paid_late'), wrong: standing('cancelled', 'stuck') },
  { attempt: 'lapsed', payment: 'expired', right: executed('paid_late'), wrong: standing('expired', 'stuck') },
  { attempt: 'lapsed', payment: 'one', right: executed('paid_late'), wrong: standing('expired', 'stuck') },
  { attempt: 'given_up', payment: 'goes_on', right: executed(), wrong: standing('open', 'contradiction') },
  {
    attempt: 'given_up',
    payment: 'cancelled',
    right: executed('paid_late'),
    wrong: standing('cancelled', 'contradiction'),
  },
  {
    attempt: 'given_up',
    payment: 'expired',
    right: executed('paid_late'),
    wrong: standing('expired', 'contradiction'),
  },
  {
    attempt: 'given_up',
    payment: 'refused',
    right: executed('paid_late'),
    wrong: standing('refused', 'contradiction'),
  },
  { attempt: 'given_up', payment: 'one', right: executed('paid_late'), wrong: standing('refused', 'contradiction') },
]

/** What an attempt with such money comes to, where the rules tell right and wrong money apart only. */
export const expectedOf = ({ raises }: MoneyKind, { right, wrong }: Pick<Row, 'right' | 'wrong'>): Expected =>
  raises ? { ...wrong, flags: [...wrong.flags, raises] } : right

const ordering = (hub: TestHub, { attempt, payment }: Row): Promise<Bill> => {
  if (payment === 'one') return order(hub, { channel: bankOf(attempt), attempts: 'one' })
  return order(hub, payment === 'expired' ? expiringIn(hub, attempt === 'lapsed' ? LONG_MS : SHORT_MS) : {})
}

const tellsOf = (hub: TestHub, bill: Bill, tried: Tried, attempt: Stood, money: Money): Promise<void> =>
  bankOf(attempt) === 'sandbox'
    ? sandboxTells(hub, bill, tried, { amount: money.amountMinor, currency: money.currency })
    : swedbank(hub, tried, { says: 'paid', money })

const caseOf = (row: Row, kind: MoneyKind): Case => ({
  before: `${STOOD[row.attempt].words}; ${PAYMENTS[row.payment].words}`,
  came: kind.words,
  play: async (hub) => {
    const bill = await ordering(hub, row)
    const tried = await goTo(hub, bill, bankOf(row.attempt))
    await STOOD[row.attempt].play(hub, tried)
    await PAYMENTS[row.payment].play(hub, bill)
    if (row.payment === 'expired') await pass(hub, row.attempt === 'lapsed' ? LONG_MS - PAST_LAST_MOMENT_MS : SHORT_MS)
    await tellsOf(hub, bill, tried, row.attempt, kind.money)
    return [bill]
  },
  expected: [expectedOf(kind, row)],
})

const [attempts, payments, kinds] = [Object.keys(STOOD).length, Object.keys(PAYMENTS).length, MONEY.length]

export const LATE: Block = {
  title: 'Late, over and under: one attempt',
  tells: `How the attempt stood (${attempts}) × what had become of the payment (${payments}) × what money the bank then tells of (${kinds}): ${attempts * payments * kinds} combinations, of which ${(attempts * payments - ROWS.length) * kinds} cannot be, since a payer who goes back gives up nothing unless the bank has refused or the payer has cancelled there.`,
  cases: ROWS.flatMap((row) => MONEY.map((kind) => caseOf(row, kind))),
}
