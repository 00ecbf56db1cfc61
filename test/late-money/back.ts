import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
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
  order,
  pass,
  refund,
  refundInVain,
  rule,
  SHORT_MS,
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

/** What was paid; `named`: the attempt, where a refund of all must say which. */
type Paid = { readonly bill: Bill; readonly tried: Tried; readonly named?: string }

type Back = {
  readonly words: string
  readonly play: (hub: TestHub, paid: Paid) => Promise<void>
  /** What goes back of what was paid, and what it raises. */
  readonly expected: Omit<Expected, 'status'>
}

const BACKS: readonly Back[] = [
  {
    words: 'the bank reverses all of it',
    play: (hub, { bill, tried }) => sandboxTells(hub, bill, tried, reversal(AMOUNT_MINOR)),
    expected: { flags: ['reversed'], reversed: AMOUNT_MINOR },
  },
  {
    words: 'the bank reverses a part',
    play: (hub, { bill, tried }) => sandboxTells(hub, bill, tried, reversal(PART)),
    expected: { flags: ['reversed'], reversed: PART },
  },
  {
    words: 'the bank reverses a part, and tells so twice',
    play: async (hub, { bill, tried }) => {
      await sandboxTells(hub, bill, tried, reversal(PART))
      await pass(hub, 2 * MINUTE_MS)
      await sandboxTells(hub, bill, tried, reversal(PART))
    },
    expected: { flags: ['reversed'], reversed: PART },
  },
  {
    words: 'the bank reverses a part, and then the rest',
    play: async (hub, { bill, tried }) => {
      await sandboxTells(hub, bill, tried, reversal(PART))
      await sandboxTells(hub, bill, tried, reversal(REST, 'V2'))
    },
    expected: { flags: ['reversed'], reversed: AMOUNT_MINOR },
  },
  {
    words: 'all of it is refunded at the bank, without the hub',
    play: (hub, { bill, tried }) => sandboxTells(hub, bill, tried, refundAtBank(AMOUNT_MINOR)),
    expected: { flags: ['reversed'], refunded: AMOUNT_MINOR, refunds: ['done'] },
  },
  {
    words: 'a part is refunded at the bank, without the hub',
    play: (hub, { bill, tried }) => sandboxTells(hub, bill, tried, refundAtBank(PART)),
    expected: { flags: ['reversed'], refunded: PART, refunds: ['done'] },
  },
  {
    words: 'the e-service refunds all of it',
    play: async (hub, { bill, named: attempt }) => void (await refund(hub, bill, { attempt })),
    expected: { flags: [], refunded: AMOUNT_MINOR, refunds: ['done'] },
  },
  {
    words: 'the e-service refunds a part',
    play: async (hub, { bill, named: attempt }) => void (await refund(hub, bill, { amount: PART, attempt })),
    expected: { flags: [], refunded: PART, refunds: ['done'] },
  },
  {
    words: 'the e-service refunds a part, and then the rest',
    play: async (hub, { bill, named: attempt }) => {
      await refund(hub, bill, { amount: PART, attempt })
      await refund(hub, bill, { attempt })
    },
    expected: { flags: [], refunded: AMOUNT_MINOR, refunds: ['done', 'done'] },
  },
  {
    words: 'the e-service refunds a part, and the bank reverses the rest',
    play: async (hub, { bill, tried, named: attempt }) => {
      await refund(hub, bill, { amount: PART, attempt })
      await sandboxTells(hub, bill, tried, reversal(REST))
    },
    expected: { flags: ['reversed'], refunded: PART, reversed: REST, refunds: ['done'] },
  },
  {
    words: 'the e-service refunds a part, and the bank reverses all of it',
    play: async (hub, { bill, tried, named: attempt }) => {
      await refund(hub, bill, { amount: PART, attempt })
      await sandboxTells(hub, bill, tried, reversal(AMOUNT_MINOR))
    },
    expected: {
      flags: ['reversed'],
      refunded: PART,
      reversed: AMOUNT_MINOR,
      tasks: ['refunded_too_much'],
      refunds: ['done'],
    },
  },
  {
    words: 'the e-service refunds all of it, and so does the bank',
    play: async (hub, { bill, tried, named: attempt }) => {
      await refund(hub, bill, { attempt })
      await sandboxTells(hub, bill, tried, refundAtBank(AMOUNT_MINOR))
    },
    expected: {
      flags: ['reversed'],
      refunded: 2 * AMOUNT_MINOR,
      tasks: ['refunded_too_much'],
      refunds: ['done', 'done'],
    },
  },
  {
    words: 'the e-service’s refund fails at the bank',
    play: async (hub, { bill, named: attempt }) => void (await refund(hub, bill, { amount: FAILING, attempt })),
    expected: { flags: [], refunds: ['failed'] },
  },
  {
    words: 'the e-service’s refund fails, and is done after all',
    play: async (hub, { bill, tried, named: attempt }) => {
      await refund(hub, bill, { amount: FAILING, attempt })
      await pass(hub, 2 * MINUTE_MS)
      await doneAfterAll(hub, bill, tried)
    },
    expected: { flags: [], refunded: FAILING, refunds: ['done'] },
  },
  {
    words: 'the e-service’s refund fails, all of it is refunded instead, and the first is done after all',
    play: async (hub, { bill, tried, named: attempt }) => {
      await refund(hub, bill, { amount: FAILING, attempt })
      await pass(hub, 2 * MINUTE_MS)
      await refund(hub, bill, { attempt })
      await doneAfterAll(hub, bill, tried)
    },
    expected: { flags: [], refunded: AMOUNT_MINOR + FAILING, tasks: ['refunded_too_much'], refunds: ['done', 'done'] },
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

type When = {
  readonly words: string
  readonly pay: (hub: TestHub) => Promise<Paid>
  /** What being paid so raises by itself. */
  readonly flags: readonly Flag[]
  readonly paidTimes?: number
}

/** At a bank that says within its own time that nothing came, and hours after it that it was paid. */
const paidHoursLater = async (hub: TestHub, more: Readonly<Record<string, unknown>>, meanwhile: typeof cancel) => {
  const bill = await order(hub, more)
  const tried = await goTo(hub, bill, 'sandbox')
  await sandboxDecides(hub, tried, 'paid_hours_later')
  await meanwhile(hub, bill)
  await pass(hub, 2 * HOUR_MS)
  return { bill, tried }
}

/** By the rules: the bank's refusal contradicts its money, and money beside a recorded close is late. */
const PAID: readonly When[] = [
  {
    words: 'paid in time',
    pay: async (hub) => {
      const bill = await order(hub)
      const tried = await goTo(hub, bill, 'sandbox')
      await sandboxDecides(hub, tried, 'pay')
      return { bill, tried }
    },
    flags: [],
  },
  {
    words: 'paid after it was closed as cancelled',
    pay: (hub) => paidHoursLater(hub, {}, cancel),
    flags: ['contradiction', 'paid_late'],
  },
  {
    words: 'paid after it was closed as expired',
    pay: (hub) => paidHoursLater(hub, expiringIn(hub, SHORT_MS), async () => {}),
    flags: ['contradiction', 'paid_late'],
  },
  {
    words: 'paid after it was closed as refused',
    pay: async (hub) => {
      const bill = await order(hub)
      const tried = await goTo(hub, bill, 'sandbox')
      await sandboxDecides(hub, tried, 'declined_then_paid')
      await goBack(hub, bill)
      await pass(hub, 2 * MINUTE_MS)
      return { bill, tried }
    },
    flags: ['contradiction', 'paid_late'],
  },
  {
    words: 'paid after the bank had told of another sum',
    pay: async (hub) => {
      const bill = await order(hub)
      const tried = await goTo(hub, bill, 'sandbox')
      await sandboxTells(hub, bill, tried, { amount: AMOUNT_MINOR - 1 })
      await sandboxDecides(hub, tried, 'pay')
      return { bill, tried }
    },
    flags: ['amount_mismatch'],
  },
  {
    words: 'paid at two banks; it is about the second one',
    pay: async (hub) => {
      const { bill, second } = await paidAtTwoBanks(hub)
      return { bill, tried: second, named: second.id }
    },
    flags: ['paid_twice'],
    paidTimes: 2,
  },
]

const paidAtTwoBanks = async (hub: TestHub) => {
  const bill = await order(hub)
  const first = await goTo(hub, bill, 'swedbank-lv')
  const second = await goTo(hub, bill, 'sandbox')
  await swedbank(hub, first, { says: 'paid' })
  await sandboxDecides(hub, second, 'pay')
  return { bill, first, second }
}

const caseOf = ({ words: before, pay, flags, paidTimes = 1 }: When, { words, play, expected }: Back): Case => ({
  before,
  came: words,
  play: async (hub) => {
    const paid = await pay(hub)
    await play(hub, paid)
    return [paid.bill]
  },
  expected: [{ status: 'executed', paidTimes, ...expected, flags: [...expected.flags, ...flags] }],
})

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

const twice = (
  words: string,
  expected: Partial<Expected>,
  play: (hub: TestHub, bill: Bill, first: Tried) => Promise<unknown>,
): Case => ({
  before: 'paid at two banks, of which the first takes no refunds from a program',
  came: words,
  play: async (hub) => {
    const { bill, first } = await paidAtTwoBanks(hub)
    await play(hub, bill, first)
    return [bill]
  },
  expected: [{ ...executed('paid_twice'), paidTimes: 2, ...expected }],
})

const OTHERS: readonly Case[] = [
  byHand(
    'the e-service refunds all of it',
    { ...executed(), refunds: ['requested'], tasks: ['refund_by_hand'] },
    async () => {},
  ),
  byHand('a clerk has made the refund', { ...executed(), refunded: AMOUNT_MINOR, refunds: ['done'] }, (hub, bill) =>
    rule(hub, bill, 'refund_by_hand', 'refund-done'),
  ),
  byHand('a clerk cannot make the refund', { ...executed(), refunds: ['failed'] }, (hub, bill) =>
    rule(hub, bill, 'refund_by_hand', 'refund-failed'),
  ),
  twice('the e-service would refund all that is left, and does not say of which', {}, (hub, bill) =>
    refundInVain(hub, bill, {}, 'attempt_needed'),
  ),
  twice('the e-service would refund more of the first than was paid by it', {}, (hub, bill, { id: attempt }) =>
    refundInVain(hub, bill, { amount: AMOUNT_MINOR + 1, attempt }, 'exceeds_paid'),
  ),
  twice(
    'the e-service refunds all of the first',
    { refunds: ['requested'], tasks: ['refund_by_hand'] },
    (hub, bill, { id: attempt }) => refund(hub, bill, { attempt }),
  ),
  twice(
    'a clerk has made the refund of the first, and has settled it',
    { flags: [], refunded: AMOUNT_MINOR, refunds: ['done'] },
    async (hub, bill, { id: attempt }) => {
      await refund(hub, bill, { attempt })
      await rule(hub, bill, 'refund_by_hand', 'refund-done')
      await rule(hub, bill, 'paid_twice', 'settled')
    },
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
  tells: `How it was paid (${PAID.length}) × how the money goes back (${BACKS.length}): ${PAID.length * BACKS.length} combinations, all possible; and ${OTHERS.length} where the bank takes no refunds, a refund must say of which attempt, or nothing was ever known to be paid. The parts are 50.00, 73.45 and 40.98 EUR.`,
  cases: [...PAID.flatMap((when) => BACKS.map((back) => caseOf(when, back))), ...OTHERS],
}
