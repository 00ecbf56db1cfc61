import type { TestHub } from '../support/hub.ts'
import { type Block, type Case, type Expected, executed, standing } from './case.ts'
import { ATTEMPTS, type AttemptStood, expectedOf, MONEY, type MoneyKind } from './late.ts'
import {
  type Bill,
  cancel,
  expiringIn,
  goBack,
  goTo,
  LONG_MS,
  order,
  PAST_LAST_MOMENT_MS,
  pass,
  sandboxDecides,
  swedbank,
  type Tried,
} from './moves.ts'

/** Twice: two attempts at two banks, two payments of one reference, two words about one attempt. */

const SECOND = {
  paid_before: 'the second bank has been paid',
  paid_after: 'the second bank is paid afterwards',
  refused: 'the second bank has refused',
} as const
type Second = keyof typeof SECOND

/** What had become of the payment when both attempts were begun, and no bank had said more. */
const MEANWHILE = {
  goes_on: { words: 'the payment is open', order: (hub: TestHub) => order(hub), play: async () => {} },
  cancelled: { words: 'the e-service has cancelled', order: (hub: TestHub) => order(hub), play: cancel },
  expired: {
    words: 'the deadline has passed',
    order: (hub: TestHub, attempt: AttemptStood) =>
      order(hub, expiringIn(hub, attempt === 'lapsed' ? LONG_MS : BOTH_OPEN_MS)),
    play: (hub: TestHub) => pass(hub, BOTH_OPEN_MS),
  },
} as const
type Meanwhile = keyof typeof MEANWHILE
/** Within the time in which both banks still take the money. */
const BOTH_OPEN_MS = LONG_MS - PAST_LAST_MOMENT_MS

type First = { readonly right: Expected; readonly wrong: Expected }

/** What the first attempt's money makes of an open payment when the second bank refused, and what its story leaves beside the second's money. */
const FIRST: Readonly<Record<AttemptStood, First>> = {
  started: { right: executed(), wrong: standing('accepted', 'stuck') },
  refused: { right: executed('contradiction'), wrong: standing('open', 'contradiction') },
  lapsed: { right: executed(), wrong: standing('accepted', 'stuck') },
}

/**
 * The same where a close was asked for. While the first bank may still take the money nothing is closed; else the second bank's refusal
 * closes it, and what comes then is late.
 */
const firstOfClosing = (attempt: AttemptStood, as: 'cancelled' | 'expired'): First => {
  const { right, wrong } = FIRST[attempt]
  return attempt === 'started'
    ? { right, wrong: { ...wrong, closing: as } }
    : { right: { ...right, flags: [...right.flags, 'paid_late'] }, wrong: { ...wrong, status: as } }
}

const ofTwo = (attempt: AttemptStood, kind: MoneyKind, second: Second, meanwhile: Meanwhile): Expected => {
  if (second === 'refused') {
    return expectedOf(kind, meanwhile === 'goes_on' ? FIRST[attempt] : firstOfClosing(attempt, meanwhile))
  }
  // The second bank had not said yet: nothing was closed when its money came.
  const alone = expectedOf(kind, FIRST[attempt])
  const both = kind.raises === undefined
  return { ...executed(...alone.flags, ...(both ? (['paid_twice'] as const) : [])), paidTimes: both ? 2 : 1 }
}

const twoAttempts = (attempt: AttemptStood, kind: MoneyKind, second: Second, meanwhile: Meanwhile): Case => ({
  before: `${attempt === 'started' ? 'the payer has left the first bank, saying that nothing was paid' : ATTEMPTS[attempt].words}; ${MEANWHILE[meanwhile].words}; ${SECOND[second]}`,
  came: kind.words,
  play: async (hub) => {
    const bill = await MEANWHILE[meanwhile].order(hub, attempt)
    const first = await goTo(hub, bill, 'swedbank-lv')
    await ATTEMPTS[attempt].play(hub, first)
    const tried = await goTo(hub, bill, 'sandbox')
    await MEANWHILE[meanwhile].play(hub, bill)
    if (second === 'paid_before') await sandboxDecides(hub, tried, 'pay')
    if (second === 'refused') await sandboxDecides(hub, tried, 'decline')
    await swedbank(hub, first, { says: 'paid', money: kind.money })
    if (second === 'paid_after') await sandboxDecides(hub, tried, 'pay')
    return [bill]
  },
  expected: [ofTwo(attempt, kind, second, meanwhile)],
})

const stood: readonly AttemptStood[] = ['started', 'refused', 'lapsed']
const seconds: readonly Second[] = ['paid_before', 'paid_after', 'refused']
const meanwhiles: readonly Meanwhile[] = ['goes_on', 'cancelled', 'expired']

export const TWO_ATTEMPTS: Block = {
  title: 'Twice: two attempts at two banks',
  tells: `How the first attempt stood when the second began (${stood.length}) × what had become of the payment then (${meanwhiles.length}) × what the second bank says (${seconds.length}) × what money the first bank tells of (${MONEY.length}): ${stood.length * meanwhiles.length * seconds.length * MONEY.length} combinations, all possible. Beside an attempt that a bank has accepted none begins, nor where the order allows one. What came is what the first bank tells of.`,
  cases: stood.flatMap((attempt) =>
    meanwhiles.flatMap((meanwhile) =>
      seconds.flatMap((second) => MONEY.map((kind) => twoAttempts(attempt, kind, second, meanwhile))),
    ),
  ),
}

// --------------------------------------------------------------------------------------------------------------- a freed reference

type Freed = {
  readonly words: string
  readonly order: (hub: TestHub) => Promise<Bill>
  readonly free: (hub: TestHub, bill: Bill, tried: Tried) => Promise<void>
  readonly right: Expected
  readonly wrong: Expected
}

const FREED: readonly Freed[] = [
  {
    words: 'closed as refused',
    order,
    free: async (hub, bill, tried) => {
      await swedbank(hub, tried, { says: 'not paid' })
      await goBack(hub, bill)
    },
    right: executed('contradiction', 'paid_late'),
    wrong: standing('refused', 'contradiction'),
  },
  {
    words: 'closed as cancelled',
    order,
    free: async (hub, bill) => {
      await cancel(hub, bill)
      await pass(hub, PAST_LAST_MOMENT_MS)
    },
    right: executed('paid_late'),
    wrong: standing('cancelled', 'stuck'),
  },
  {
    words: 'closed as expired',
    order: (hub) => order(hub, expiringIn(hub, LONG_MS)),
    free: (hub) => pass(hub, LONG_MS),
    right: executed('paid_late'),
    wrong: standing('expired', 'stuck'),
  },
]

const NEWER = {
  paid_before: 'the new payment has been paid',
  paid_after: 'the new payment is paid afterwards',
  not_paid: 'the new payment is not paid',
} as const
type Newer = keyof typeof NEWER

const ofPair = (freed: Freed, kind: MoneyKind, newer: Newer): readonly Expected[] => {
  const old = expectedOf(kind, freed)
  if (newer === 'not_paid') return [old, standing('open')]
  if (kind.raises) return [old, executed()]
  return [{ ...old, flags: [...old.flags, 'paid_twice'] }, executed('paid_twice')]
}

const freedReference = (freed: Freed, kind: MoneyKind, newer: Newer): Case => ({
  before: `${freed.words}, and ordered anew with the same reference; ${NEWER[newer]}`,
  came: kind.words,
  play: async (hub) => {
    const old = await freed.order(hub)
    const tried = await goTo(hub, old, 'swedbank-lv')
    await freed.free(hub, old, tried)
    const fresh = await order(hub, { reference: old.reference })
    const payNew = async () => sandboxDecides(hub, await goTo(hub, fresh, 'sandbox'), 'pay')
    if (newer === 'paid_before') await payNew()
    await swedbank(hub, tried, { says: 'paid', money: kind.money })
    await hub.settle()
    if (newer === 'paid_after') await payNew()
    return [old, fresh]
  },
  expected: ofPair(freed, kind, newer),
})

const newer: readonly Newer[] = ['paid_before', 'paid_after', 'not_paid']

export const FREED_REFERENCES: Block = {
  title: 'Twice: a freed reference, paid late beside a new payment',
  tells: `How the old payment was closed (${FREED.length}) × what becomes of the new one (${newer.length}) × what money comes for the old one (${MONEY.length}): ${FREED.length * newer.length * MONEY.length} combinations. While a payment can still be paid its reference is held, and ordering anew is refused with 409 \`reference_in_use\`. What came is for the old payment.`,
  cases: FREED.flatMap((freed) => newer.flatMap((one) => MONEY.map((kind) => freedReference(freed, kind, one)))),
}
