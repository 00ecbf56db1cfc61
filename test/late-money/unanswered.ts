import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { type Block, type Case, type Expected, executed, type LateHub } from './case.ts'
import {
  AMOUNT_MINOR,
  type Bill,
  goTo,
  order,
  pass,
  refund,
  refundInVain,
  rule,
  sandboxDecides,
  sandboxTells,
  type Tried,
} from './moves.ts'
import { heartOf } from './observe.ts'

/** Refunds whose answer is lost: the bank may have paid back, and nobody knows. */

const PART = 5_000
/** Without a word of the bank for a day, a person has it. */
const LONG_SILENCE_MS = DAY_MS + HOUR_MS

const LOST = {
  before: { words: 'the call for a refund is lost on its way to the bank', made: 0 },
  after: { words: 'the bank has paid back, and its answer is lost', made: PART },
} as const
type Lost = keyof typeof LOST
const losts: readonly Lost[] = ['before', 'after']

type Silent = {
  readonly bill: Bill
  readonly tried: Tried
  /** The refund's own. */
  readonly number: string
  restore(): void
}

/** A part of what was paid is asked back while the line to the bank breaks; the bank's notices never come. */
const askedInSilence = async (hub: LateHub, lost: Lost): Promise<Silent> => {
  const bill = await order(hub)
  hub.line.withoutNotices(bill.reference)
  const tried = await goTo(hub, bill, 'sandbox')
  await sandboxDecides(hub, tried, 'pay')
  await pass(hub, MINUTE_MS)
  const atBank = hub.world.orders().find(({ text }) => text.startsWith(`${bill.reference} `))?.id ?? ''
  hub.line.breaks(atBank, lost)
  await refund(hub, bill, { amount: PART })
  const { facts } = await heartOf(hub, bill)
  const number = facts.find((fact) => fact.fact === 'refund_asked')?.number ?? ''
  return { bill, tried, number, restore: () => hub.line.breaks(atBank, undefined) }
}

type Then = {
  readonly words: string
  readonly play: (hub: LateHub, silent: Silent) => Promise<void>
  readonly expected: Omit<Expected, 'status' | 'flags' | 'paidBackAtBank'>
}

const bankTells = (hub: LateHub, { bill, tried, number }: Silent, status: 'done' | 'failed') =>
  sandboxTells(hub, bill, tried, { refunds: [{ id: 'R1', number, amount: PART, status }] })

const afterLongSilence =
  (play: Then['play'] = async () => {}): Then['play'] =>
  async (hub, silent) => {
    await pass(hub, LONG_SILENCE_MS)
    await play(hub, silent)
  }

const ruled = (as: 'refund-done' | 'refund-failed'): Then['play'] =>
  afterLongSilence((hub, { bill }) => rule(hub, bill, 'refund_unsettled', as))

const ruledOtherwise =
  (as: 'refund-done' | 'refund-failed', said: 'done' | 'failed'): Then['play'] =>
  async (hub, silent) => {
    await ruled(as)(hub, silent)
    await bankTells(hub, silent, said)
  }

const THEN: readonly Then[] = [
  {
    words: 'the bank is silent for a day',
    play: afterLongSilence(),
    expected: { refunds: ['unknown'], tasks: ['refund_unsettled'] },
  },
  {
    words: 'the bank is silent for a day, and the e-service would refund all of it',
    play: afterLongSilence((hub, { bill }) => refundInVain(hub, bill, { amount: AMOUNT_MINOR }, 'exceeds_paid')),
    expected: { refunds: ['unknown'], tasks: ['refund_unsettled'] },
  },
  {
    words: 'after a day the bank tells that it was made',
    play: afterLongSilence((hub, silent) => bankTells(hub, silent, 'done')),
    expected: { refunds: ['done'], refunded: PART },
  },
  {
    words: 'after a day the bank tells that it failed',
    play: afterLongSilence((hub, silent) => bankTells(hub, silent, 'failed')),
    expected: { refunds: ['failed'] },
  },
  {
    words: 'after a day a clerk rules it made',
    play: ruled('refund-done'),
    expected: { refunds: ['done'], refunded: PART },
  },
  { words: 'after a day a clerk rules it not made', play: ruled('refund-failed'), expected: { refunds: ['failed'] } },
  {
    words: 'a clerk rules it made, and the bank tells that it failed',
    play: ruledOtherwise('refund-done', 'failed'),
    expected: { refunds: ['done'], refunded: PART, tasks: ['refund_disputed'] },
  },
  {
    words: 'a clerk rules it not made, and the bank tells that it was',
    play: ruledOtherwise('refund-failed', 'done'),
    expected: { refunds: ['done'], refunded: PART, tasks: ['refund_disputed'] },
  },
]

/** The call may be repeated at this bank: under the same number it pays back once. */
const answersAgain = (lost: Lost): Case => ({
  before: LOST[lost].words,
  came: 'the bank answers again within the hour',
  play: async (hub) => {
    const { bill, restore } = await askedInSilence(hub, lost)
    await pass(hub, HOUR_MS)
    restore()
    return [bill]
  },
  expected: [{ ...executed(), refunds: ['done'], refunded: PART, paidBackAtBank: PART }],
})

/** What would go back beyond what was paid is not sent again; what may have gone back is found out. */
const reversedMeanwhile = (lost: Lost): Case => ({
  before: LOST[lost].words,
  came: 'the bank reverses all of it, and after a day answers again',
  play: async (hub) => {
    const silent = await askedInSilence(hub, lost)
    const { bill, tried, restore } = silent
    await sandboxTells(hub, bill, tried, { reversals: [{ id: 'V1', amount: AMOUNT_MINOR }] })
    await pass(hub, LONG_SILENCE_MS)
    restore()
    await pass(hub, LONG_SILENCE_MS)
    return [bill]
  },
  expected: [
    {
      ...executed('reversed'),
      reversed: AMOUNT_MINOR,
      paidBackAtBank: LOST[lost].made,
      ...(lost === 'after'
        ? ({ refunds: ['done'], refunded: PART, tasks: ['refunded_too_much'] } as const)
        : ({ refunds: ['unknown'], tasks: ['refund_unsettled'] } as const)),
    },
  ],
})

const caseOf = (lost: Lost, { words, play, expected }: Then): Case => ({
  before: LOST[lost].words,
  came: words,
  play: async (hub) => {
    const silent = await askedInSilence(hub, lost)
    await play(hub, silent)
    return [silent.bill]
  },
  expected: [{ ...executed(), ...expected, paidBackAtBank: LOST[lost].made }],
})

export const UNANSWERED: Block = {
  title: 'Refunds without an answer',
  tells: `Where the answer to a refund of 50.00 EUR was lost (${losts.length}) × what follows (${THEN.length + 2}): ${losts.length * (THEN.length + 2)} combinations, all possible. The bank’s notices never come; what it tells is what a person there sends by hand, which need not agree with its books.`,
  cases: losts.flatMap((lost) => [
    answersAgain(lost),
    reversedMeanwhile(lost),
    ...THEN.map((then) => caseOf(lost, then)),
  ]),
}
