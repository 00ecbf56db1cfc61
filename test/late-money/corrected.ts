import type { TestHub } from '../support/hub.ts'
import { type Block, type Case, type Expected, executed, standing } from './case.ts'
import { MONEY, type MoneyKind } from './late.ts'
import { type Bill, cancel, goTo, order, rule, swedbank, type Tried } from './moves.ts'

/** Other money first, and what the bank or a clerk says then; and two words of a bank about one attempt. */

type Then = {
  readonly words: string
  readonly play: (hub: TestHub, bill: Bill, tried: Tried, flag: string) => Promise<void>
  /** Whether the message's own flag is still there. */
  readonly asked: boolean
  readonly expected: Expected
}

const THEN: readonly Then[] = [
  {
    words: 'then the sum ordered',
    play: (hub, _, tried) => swedbank(hub, tried, { says: 'paid' }),
    asked: true,
    expected: executed(),
  },
  {
    words: 'then the bank says that it was not paid',
    play: (hub, _, tried) => swedbank(hub, tried, { says: 'not paid' }),
    asked: true,
    expected: standing('open', 'contradiction'),
  },
  {
    words: 'then the e-service cancels',
    play: cancel,
    asked: true,
    expected: { ...standing('accepted', 'stuck'), closing: 'cancelled' },
  },
  {
    words: 'a clerk rules it paid',
    play: (hub, bill, _, flag) => rule(hub, bill, flag, 'paid'),
    asked: false,
    expected: executed(),
  },
  {
    words: 'a clerk rules it not paid',
    play: (hub, bill, _, flag) => rule(hub, bill, flag, 'not-paid'),
    asked: false,
    expected: standing('open'),
  },
  {
    words: 'a clerk rules it settled',
    play: (hub, bill, _, flag) => rule(hub, bill, flag, 'settled'),
    asked: false,
    expected: standing('accepted', 'stuck'),
  },
  {
    words: 'a clerk rules it paid, then the bank says that it was not',
    play: async (hub, bill, tried, flag) => {
      await rule(hub, bill, flag, 'paid')
      await swedbank(hub, tried, { says: 'not paid' })
    },
    asked: false,
    expected: executed('contradiction'),
  },
  {
    words: 'a clerk rules it not paid, then comes the sum ordered',
    play: async (hub, bill, tried, flag) => {
      await rule(hub, bill, flag, 'not-paid')
      await swedbank(hub, tried, { says: 'paid' })
    },
    asked: false,
    expected: executed('contradiction'),
  },
]

const caseOf = (kind: MoneyKind, { words, play, asked, expected }: Then): readonly Case[] => {
  const { raises } = kind
  if (!raises) return []
  return [
    {
      before: `first came ${kind.words}`,
      came: words,
      play: async (hub) => {
        const bill = await order(hub)
        const tried = await goTo(hub, bill, 'swedbank-lv')
        await swedbank(hub, tried, { says: 'paid', money: kind.money })
        await hub.settle()
        await play(hub, bill, tried, raises)
        return [bill]
      },
      expected: [asked ? { ...expected, flags: [...expected.flags, raises] } : expected],
    },
  ]
}

const wrong = MONEY.filter(({ raises }) => raises)

export const CORRECTED: Block = {
  title: 'Other money first',
  tells: `What came first (${wrong.length}) × what follows (${THEN.length}): ${wrong.length * THEN.length} combinations, all possible.`,
  cases: MONEY.flatMap((kind) => THEN.flatMap((then) => caseOf(kind, then))),
}

// ----------------------------------------------------------------------------------------------------------- the right sum, and more

const afterPaid = (words: string, expected: Expected, play: (hub: TestHub, tried: Tried) => Promise<void>): Case => ({
  before: 'the sum ordered has come',
  came: words,
  play: async (hub) => {
    const bill = await order(hub)
    const tried = await goTo(hub, bill, 'swedbank-lv')
    await swedbank(hub, tried, { says: 'paid' })
    await play(hub, tried)
    return [bill]
  },
  expected: [expected],
})

export const SAID_AGAIN: Block = {
  title: 'A second word about one paid attempt',
  tells: 'Whatever else a bank may say of an attempt that it has confirmed: 6 cases.',
  cases: [
    afterPaid('the same message again', executed(), (hub, tried) => swedbank(hub, tried, { says: 'paid' })),
    afterPaid('the same, with another number of the bank', executed('paid_twice'), (hub, tried) =>
      swedbank(hub, tried, { says: 'paid', paymentNumber: '10002' }),
    ),
    afterPaid('that it was not paid', executed('contradiction'), (hub, tried) =>
      swedbank(hub, tried, { says: 'not paid' }),
    ),
    ...wrong.map(({ words, money, raises }) =>
      afterPaid(`a message of ${words}`, executed(...(raises ? [raises] : [])), (hub, tried) =>
        swedbank(hub, tried, { says: 'paid', money }),
      ),
    ),
  ],
}
