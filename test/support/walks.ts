import fc from 'fast-check'
import type { About, Reading, States } from '../../src/channels/channel.ts'
import type { AttemptId, RefundId } from '../../src/kernel/ids.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/time.ts'
import {
  type ClosingKind,
  FLAGS,
  type Flag,
  type OutcomeFact,
  type PlanEndedFact,
  type RefundHandedFact,
  type RuledFact,
  SOURCES,
  type Source,
} from '../../src/payments/facts.ts'
import { AMOUNT, FOREIGN_IBAN, LESS, MORE, OTHER_CURRENCY, PAYEE, START } from './facts.ts'

/**
 * Whole lives of a payment. A walk is a list of steps: what people and jobs want, what is heard, time that passes. Living it runs the
 * commands through `decide` (a refused one is skipped, as the shell would answer 409) and lets `hear` take in the rest at any time: before
 * its attempt's other facts, late, after closing, again.
 */
export type Walk = { readonly attempts: 'one' | 'many'; readonly steps: readonly Step[] }

export type Step =
  | {
      readonly step: 'begin'
      readonly attempt: AttemptId
      readonly offer: string
      readonly bank: Bank
      readonly notPaid: boolean
    }
  | { readonly step: 'again'; readonly attempt: AttemptId }
  | { readonly step: 'close'; readonly as: ClosingKind }
  | { readonly step: 'end'; readonly attempt: AttemptId; readonly finding: PlanEndedFact['finding'] }
  | {
      readonly step: 'refund'
      readonly attempt: AttemptId
      readonly refund: RefundId
      readonly amountMinor: number
    }
  | { readonly step: 'hand'; readonly refund: RefundId; readonly why: RefundHandedFact['why'] }
  | { readonly step: 'twin' }
  | {
      readonly step: 'rule'
      readonly as: RuledFact['as']
      readonly attempt: AttemptId
      readonly flag: Flag
      readonly refund: RefundId
    }
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'hear'; readonly heard: readonly Hearable[] }
  | { readonly step: 'hear_again'; readonly back: number }

/** What can be heard, before it is: without the time of hearing. */
export type Hearable =
  | {
      readonly kind: 'reading'
      readonly attempt: AttemptId
      readonly source: Source
      readonly reading: Reading
      readonly copy: number
    }
  | {
      readonly kind: 'outcome'
      readonly attempt: AttemptId
      readonly of: OutcomeFact['of']
      readonly result: OutcomeFact['result']
      readonly more: Pick<OutcomeFact, 'refund' | 'echo'>
    }

/** Banks differ in whether they can be asked and in whether a payer can pay without our having the answer to the beginning. */
export type Bank = { readonly canAsk: boolean; readonly unansweredBegin: 'dead' | 'unknown' }

// ---------------------------------------------------------------------------------------------------------------------- arbitraries

const ATTEMPTS: readonly AttemptId[] = ['att_1', 'att_2', 'att_3']
const REFUNDS: readonly RefundId[] = ['rfd_1', 'rfd_2', 'rfd_3']

/** The first attempt is met most often, so that facts gather on one. */
const anyAttempt = fc.oneof(
  { weight: 4, arbitrary: fc.constant(ATTEMPTS[0] ?? 'att_1') },
  { weight: 2, arbitrary: fc.constantFrom(...ATTEMPTS) },
)

const rightAmount: fc.Arbitrary<States['amount']> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(AMOUNT) },
  { weight: 1, arbitrary: fc.constant('as ordered' as const) },
)
const wrongAmount: fc.Arbitrary<States['amount']> = fc.constantFrom(LESS, MORE, OTHER_CURRENCY)
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>, weight: number) =>
  fc.option(arbitrary, { nil: undefined, freq: weight })

type AmountWeights = { readonly right: number; readonly wrong: number; readonly absent: number }
const USUAL: AmountWeights = { right: 6, wrong: 1, absent: 3 }

const present = <Shape extends object>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined))

const anyStates = ({ right, wrong, absent }: AmountWeights): fc.Arbitrary<States> =>
  fc
    .record({
      amount: fc.oneof(
        { weight: right, arbitrary: rightAmount },
        { weight: wrong, arbitrary: wrongAmount },
        { weight: absent, arbitrary: fc.constant(undefined) },
      ),
      payee: fc.oneof(
        { weight: 12, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: fc.constantFrom(PAYEE.iban, 'lv07 haba 0000 0000 0000 1') },
        { weight: 1, arbitrary: fc.constant(FOREIGN_IBAN) },
      ),
      echo: fc.oneof(
        { weight: 12, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: fc.constantFrom({ token: 'ours' }, { token: 'ours', nonce: '7' }) },
        { weight: 1, arbitrary: fc.constantFrom({ token: 'foreign' }, { nonce: '8' }) },
      ),
      reference: maybe(fc.constantFrom('100001', '100002'), 2),
      referenceKind: maybe(fc.constantFrom('order', 'payment'), 1),
      at: maybe(fc.constantFrom(START + SECOND_MS, START + MINUTE_MS), 1),
    })
    .map(present)

const anySays: fc.Arbitrary<SaysPart> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ says: 'paid' } as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom({ says: 'accepted' } as const, { says: 'waiting', word: 'PENDING' } as const),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('declined' as const, 'rejected' as const, 'cancelled_by_payer' as const, 'expired_at_psp' as const)
      .map((reason) => ({ says: 'refused', reason }) as const),
  },
  { weight: 2, arbitrary: fc.constantFrom({ says: 'refunded' } as const, { says: 'reversed' } as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { says: 'nothing' } as const,
      { says: 'ask' } as const,
      { says: 'untrusted', rule: 'signature', detail: 'does not verify' } as const,
    ),
  },
)
type SaysPart =
  | { readonly says: 'paid' | 'accepted' | 'refunded' | 'reversed' | 'nothing' | 'ask' }
  | { readonly says: 'waiting'; readonly word: string }
  | { readonly says: 'refused'; readonly reason: 'declined' | 'rejected' | 'cancelled_by_payer' | 'expired_at_psp' }
  | { readonly says: 'untrusted'; readonly rule: string; readonly detail: string }

const payers = fc.constantFrom(
  { name: 'Anna Paraudziņa' },
  { account: 'LV80BANK0000435195001' },
  { name: 'A. PARAUDZINA', account: 'LV80BANK0000435195001' },
)

const anyReading = (attempt: AttemptId, amounts: AmountWeights): fc.Arbitrary<Reading> => {
  const about: fc.Arbitrary<About> = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ number: attempt.slice(4) }) },
    { weight: 1, arbitrary: fc.constantFrom({ pspId: 'X1' }, { address: true } as const) },
  )
  return fc
    .record({ about, states: anyStates(amounts), payer: maybe(payers, 3), says: anySays })
    .map(({ about: named, states, payer, says }) => ({ about: named, states, ...(payer ? { payer } : {}), ...says }))
}

/** What the PSP says of a refund, by our id, our number or a number of its own. */
const anyRefundReading: fc.Arbitrary<Reading> = fc
  .record({
    refund: fc.constantFrom(...REFUNDS, '91', '92', 'theirs-1'),
    amount: fc.constantFrom(undefined, 'as ordered' as const, AMOUNT, { amountMinor: 400, currency: 'EUR' }),
    says: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ says: 'refunded' } as const) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          { says: 'refused', reason: 'declined' } as const,
          { says: 'accepted' } as const,
          { says: 'waiting' } as const,
        ),
      },
    ),
  })
  .map(({ refund, amount, says }) => ({ about: { refund }, states: amount ? { amount } : {}, ...says }))

const anyHearable = (amounts: AmountWeights): fc.Arbitrary<Hearable> =>
  anyAttempt.chain((attempt) =>
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('reading' as const),
          attempt: fc.constant(attempt),
          source: fc.constantFrom(...SOURCES),
          reading: fc.oneof(
            { weight: 8, arbitrary: anyReading(attempt, amounts) },
            { weight: 1, arbitrary: anyRefundReading },
          ),
          copy: fc.constantFrom(0, 0, 0, 1),
        }),
      },
      {
        weight: 3,
        arbitrary: fc
          .record({
            of: fc.constantFrom('begin' as const, 'begin' as const, 'enquire' as const, 'refund' as const),
            result: fc.constantFrom(
              'answered' as const,
              'not_sent' as const,
              'turned_down' as const,
              'unknown' as const,
            ),
            refund: fc.constantFrom(...REFUNDS),
            echo: fc.constantFrom(undefined, { token: 'ours' }, { token: 'ours', nonce: '7' }),
          })
          .map(
            ({ of, result, refund, echo }): Hearable => ({
              kind: 'outcome',
              attempt,
              of,
              result,
              more: { ...(of === 'refund' ? { refund } : {}), ...(of === 'begin' && echo ? { echo } : {}) },
            }),
          ),
      },
    ),
  )

const banks: fc.Arbitrary<Bank> = fc.record({
  canAsk: fc.boolean(),
  unansweredBegin: fc.constantFrom('dead' as const, 'unknown' as const),
})

const anyStep = (amounts: AmountWeights): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 12, arbitrary: step('hear', { heard: fc.array(anyHearable(amounts), { minLength: 1, maxLength: 2 }) }) },
    { weight: 2, arbitrary: step('hear_again', { back: fc.nat(5) }) },
    {
      weight: 4,
      arbitrary: step('begin', {
        attempt: fc.constantFrom(...ATTEMPTS),
        offer: fc.constantFrom('A', 'B'),
        bank: banks,
        notPaid: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: step('again', { attempt: anyAttempt }) },
    {
      weight: 2,
      arbitrary: step('close', { as: fc.constantFrom('refused' as const, 'cancelled' as const, 'expired' as const) }),
    },
    {
      weight: 3,
      arbitrary: step('end', {
        attempt: anyAttempt,
        finding: fc.constantFrom('not_paid' as const, 'cannot_ask' as const, 'no_answer' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: step('refund', {
        attempt: anyAttempt,
        refund: fc.constantFrom(...REFUNDS),
        amountMinor: fc.constantFrom(400, 834, AMOUNT.amountMinor),
      }),
    },
    {
      weight: 1,
      arbitrary: step('hand', {
        refund: fc.constantFrom(...REFUNDS),
        why: fc.constantFrom('not_sent' as const, 'unsettled' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ step: 'twin' } as const) },
    {
      weight: 2,
      arbitrary: step('rule', {
        as: fc.constantFrom(
          'paid' as const,
          'not_paid' as const,
          'settled' as const,
          'refund_done' as const,
          'refund_failed' as const,
        ),
        refund: fc.constantFrom(...REFUNDS),
        attempt: anyAttempt,
        flag: fc.constantFrom(...FLAGS),
      }),
    },
    {
      weight: 3,
      arbitrary: step('wait', {
        ms: fc.constantFrom(10 * SECOND_MS, 20 * MINUTE_MS, 3 * HOUR_MS, 3 * DAY_MS, 31 * DAY_MS),
      }),
    },
  )

const step = <Name extends Step['step'], Shape extends object>(
  name: Name,
  shape: { [Field in keyof Shape]: fc.Arbitrary<Shape[Field]> },
) => fc.record(shape).map((fields) => ({ step: name, ...fields }))

export type WalkOptions = {
  /** Kinds of step left out. */
  readonly without?: readonly Step['step'][]
  readonly amounts?: AmountWeights
  readonly maxSteps?: number
}

/** Random walks. Most begin an attempt at once, as most payments do. */
export const anyWalk = ({ without = [], amounts = USUAL, maxSteps = 18 }: WalkOptions = {}): fc.Arbitrary<Walk> =>
  fc
    .record({
      attempts: fc.constantFrom('one' as const, 'many' as const, 'many' as const),
      first: fc.option(banks, { freq: 8, nil: undefined }),
      steps: fc.array(anyStep(amounts), { maxLength: maxSteps, size: 'max' }),
    })
    .map(({ attempts, first, steps }) => ({
      attempts,
      steps: [
        ...(first ? [{ step: 'begin', attempt: 'att_1', offer: 'A', bank: first, notPaid: false } as const] : []),
        ...steps.filter((one) => !without.includes(one.step)),
      ],
    }))

/** Every order and repetition: a permutation of all, with some elements again. */
export const anyOrderOf = <Element>(elements: readonly Element[]): fc.Arbitrary<readonly Element[]> =>
  fc
    .tuple(shuffled(elements), shuffled(elements), fc.nat(elements.length))
    .chain(([all, again, count]) => shuffled([...all, ...again.slice(0, count)]))

const shuffled = <Element>(elements: readonly Element[]): fc.Arbitrary<readonly Element[]> =>
  fc.shuffledSubarray([...elements], { minLength: elements.length })
