import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import type { TestHub } from '../support/hub.ts'
import { type Block, type Case, type Expected, executed, standing } from './case.ts'
import {
  AMOUNT_MINOR,
  type Bill,
  cancel,
  goTo,
  order,
  pass,
  refund,
  rule,
  sandboxDecides,
  sandboxTells,
  swedbank,
  type Tried,
} from './moves.ts'

/** Reversed: money that goes back, by our refunds, by the bank, or by both. */

const PART = 5_000
const REST = AMOUNT_MINOR - PART
/** The bogus bank lets a refund that ends so fail after a minute. */
const FAILING = 4_098

const reversal = (amount: number, id = 'V1') => ({ reversals: [{ id, amount }] })
const refundAtBank = (amount: number, id = 'R9') => ({ refunds: [{ id, amount }] })

type Back = {
  readonly words: string
  readonly play: (hub: TestHub, bill: Bill, tried: Tried) => Promise<void>
  /** What goes back of what was paid, and what it raises. */
  readonly expected: Omit<Expected, 'status'>
}

const BACKS: readonly Back[] = [
  {
    words: 'the bank reverses all of it',
    play: (hub, bill, tried) => sandboxTells(hub, bill, tried, reversal(AMOUNT_MINOR)),
    expected: { flags: ['reversed'], reversed: AMOUNT_MINOR },
  },
  {
    words: 'the bank reverses a part',
    play: (hub, bill, tried) => sandboxTells(hub, bill, tried, reversal(PART)),
    expected: { flags: ['reversed'], reversed: PART },
  },
  {
    words: 'the bank reverses a part, and tells so twice',
    play: async (hub, bill, tried) => {
      await sandboxTells(hub, bill, tried, reversal(PART))
      await pass(hub, 2 * MINUTE_MS)
      await sandboxTells(hub, bill, tried, reversal(PART))
    },
    expected: { flags: ['reversed'], reversed: PART },
  },
  {
    words: 'the bank reverses a part, and then the rest',
    play: async (hub, bill, tried) => {
      await sandboxTells(hub, bill, tried, reversal(PART))
      await sandboxTells(hub, bill, tried, reversal(REST, 'V2'))
    },
    expected: { flags: ['reversed'], reversed: AMOUNT_MINOR },
  },
  {
    words: 'all of it is refunded at the bank, without the hub',
    play: (hub, bill, tried) => sandboxTells(hub, bill, tried, refundAtBank(AMOUNT_MINOR)),
    expected: { flags: ['reversed'], refunded: AMOUNT_MINOR },
  },
  {
    words: 'a part is refunded at the bank, without the hub',
    play: (hub, bill, tried) => sandboxTells(hub, bill, tried, refundAtBank(PART)),
    expected: { flags: ['reversed'], refunded: PART },
  },
  {
    words: 'the e-service refunds all of it',
    play: async (hub, bill) => void (await refund(hub, bill)),
    expected: { flags: [], refunded: AMOUNT_MINOR },
  },
  {
    words: 'the e-service refunds a part',
    play: async (hub, bill) => void (await refund(hub, bill, PART)),
    expected: { flags: [], refunded: PART },
  },
  {
    words: 'the e-service refunds a part, and then the rest',
    play: async (hub, bill) => {
      await refund(hub, bill, PART)
      await refund(hub, bill)
    },
    expected: { flags: [], refunded: AMOUNT_MINOR },
  },
  {
    words: 'the e-service refunds a part, and the bank reverses the rest',
    play: async (hub, bill, tried) => {
      await refund(hub, bill, PART)
      await sandboxTells(hub, bill, tried, reversal(REST))
    },
    expected: { flags: ['reversed'], refunded: PART, reversed: REST },
  },
  {
    words: 'the e-service refunds a part, and the bank reverses all of it',
    play: async (hub, bill, tried) => {
      await refund(hub, bill, PART)
      await sandboxTells(hub, bill, tried, reversal(AMOUNT_MINOR))
    },
    expected: { flags: ['reversed'], refunded: PART, reversed: AMOUNT_MINOR, tasks: ['refunded_too_much'] },
  },
  {
    words: 'the e-service refunds all of it, and so does the bank',
    play: async (hub, bill, tried) => {
      await refund(hub, bill)
      await sandboxTells(hub, bill, tried, refundAtBank(AMOUNT_MINOR))
    },
    expected: { flags: ['reversed'], refunded: 2 * AMOUNT_MINOR, tasks: ['refunded_too_much'] },
  },
  {
    words: 'the e-service’s refund fails at the bank',
    play: async (hub, bill) => void (await refund(hub, bill, FAILING)),
    expected: { flags: [] },
  },
  {
    words: 'the e-service’s refund fails, and is done after all',
    play: async (hub, bill, tried) => {
      await refund(hub, bill, FAILING)
      await pass(hub, 2 * MINUTE_MS)
      await doneAfterAll(hub, bill, tried)
    },
    expected: { flags: [], refunded: FAILING },
  },
  {
    words: 'the e-service’s refund fails, all of it is refunded instead, and the first is done after all',
    play: async (hub, bill, tried) => {
      await refund(hub, bill, FAILING)
      await pass(hub, 2 * MINUTE_MS)
      await refund(hub, bill)
      await doneAfterAll(hub, bill, tried)
    },
    expected: { flags: [], refunded: AMOUNT_MINOR + FAILING, tasks: ['refunded_too_much'] },
  },
]

/** The bank tells that the refund which it had failed was made. */
const doneAfterAll = async (hub: TestHub, bill: Bill, tried: Tried): Promise<void> => {
  const told = hub.world
    .sent()
    .find(({ body }) => body.includes(bill.reference) && body.includes(`"amount":${FAILING}`))
  const number = /"number":"(\w+)","status":"(?:failed|pending)"/.exec(told?.body ?? '')?.[1]
  if (number === undefined) throw new Error('the bank has told of no refund')
  await sandboxTells(hub, bill, tried, { refunds: [{ id: 'R1', number, amount: FAILING }] })
}

const PAID = {
  in_time: { words: 'paid in time', flags: [] },
  late: { words: 'paid after it was closed as cancelled', flags: ['contradiction', 'paid_late'] },
} as const
type Paid = keyof typeof PAID

const payAt = async (hub: TestHub, bill: Bill, when: Paid): Promise<Tried> => {
  const tried = await goTo(hub, bill, 'sandbox')
  if (when === 'in_time') {
    await sandboxDecides(hub, tried, 'pay')
    return tried
  }
  await cancel(hub, bill)
  await sandboxDecides(hub, tried, 'paid_hours_later')
  await pass(hub, 2 * HOUR_MS)
  return tried
}

const caseOf = (when: Paid, { words, play, expected }: Back): Case => ({
  before: PAID[when].words,
  came: words,
  play: async (hub) => {
    const bill = await order(hub)
    const tried = await payAt(hub, bill, when)
    await play(hub, bill, tried)
    return [bill]
  },
  expected: [{ status: 'executed', ...expected, flags: [...expected.flags, ...PAID[when].flags] }],
})

const paid: readonly Paid[] = ['in_time', 'late']

const byHand = (words: string, expected: Expected, play: (hub: TestHub, bill: Bill) => Promise<void>): Case => ({
  before: 'paid in time at a bank that takes no refunds from a program',
  came: words,
  play: async (hub) => {
    const bill = await order(hub)
    await swedbank(hub, await goTo(hub, bill, 'swedbank-lv'), { says: 'paid' })
    await refund(hub, bill)
    await play(hub, bill)
    return [bill]
  },
  expected: [expected],
})

const unpaid = (
  words: string,
  expected: Expected,
  play: (hub: TestHub, bill: Bill, tried: Tried) => Promise<void>,
) => ({
  before: 'not paid as far as is known',
  came: words,
  play: async (hub: TestHub) => {
    const bill = await order(hub)
    const tried = await goTo(hub, bill, 'sandbox')
    await sandboxTells(hub, bill, tried, { status: 'created', ...reversal(AMOUNT_MINOR) })
    await play(hub, bill, tried)
    return [bill]
  },
  expected: [expected],
})

const OTHERS: readonly Case[] = [
  byHand('the e-service refunds all of it', { ...executed(), tasks: ['refund_by_hand'] }, async () => {}),
  byHand('a clerk has made the refund', { ...executed(), refunded: AMOUNT_MINOR }, (hub, bill) =>
    rule(hub, bill, 'refund_by_hand', 'refund-done'),
  ),
  byHand('a clerk cannot make the refund', executed(), (hub, bill) =>
    rule(hub, bill, 'refund_by_hand', 'refund-failed'),
  ),
  unpaid('the bank tells of a reversal', standing('open'), async () => {}),
  unpaid(
    'the bank tells of a reversal, and then that it was paid before',
    { ...executed('reversed'), reversed: AMOUNT_MINOR },
    (hub, bill, tried) => sandboxTells(hub, bill, tried, reversal(AMOUNT_MINOR)),
  ),
]

export const BACK: Block = {
  title: 'Reversed and refunded',
  tells: `When it was paid (${paid.length}) × how the money goes back (${BACKS.length}): ${paid.length * BACKS.length} combinations, all possible; and ${OTHERS.length} where the bank takes no refunds or was never known to be paid. The parts are 50.00, 73.45 and 40.98 EUR.`,
  cases: [...paid.flatMap((when) => BACKS.map((back) => caseOf(when, back))), ...OTHERS],
}
