import { toDecimal } from '../kernel/money.ts'
import { toRfc3339 } from '../kernel/time.ts'
import type { Task, TaskStory } from '../tasks/index.ts'
import type { AttemptState, Attention, BegunFact, Fact, PaymentState, RefundAskedFact } from './facts.ts'
import { isSettled } from './refund-decisions.ts'
import { stillFits } from './refunds.ts'
import { concernedBy } from './ruling.ts'
import { inWords } from './story.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'

/** A payment's task told in full sentences. Pure. */

/** Repeated notices of one kind say nothing more. */
const TOLD_AT_MOST = 10

export const storyOf = (
  facts: readonly Fact[],
  state: PaymentState,
  { kind, part }: Pick<Task, 'kind' | 'part'>,
  /** The database was restored since the payment was ordered. */
  wasRestored = false,
): TaskStory => {
  const refund = facts.find((fact): fact is RefundAskedFact => fact.key === `refund:${part}`)
  if (refund) return refundStory(facts, state, { kind, wasRestored }, refund)
  if (kind === 'refunded_too_much') return tooMuchStory(state, part)
  const raised = state.attention.find(({ flag }) => flag === kind)
  const ordered = `${sumOf(state, state.order.amount.amountMinor)} was ordered with the reference ${state.order.reference}.`
  return {
    happened: [ordered, ...(raised ? raisedBy(facts, state, raised) : ['What raised this has been settled.'])],
    money: moneyOf(state),
  }
}

const sumOf = ({ order }: PaymentState, amountMinor: number): string =>
  `${toDecimal({ amountMinor, currency: order.amount.currency })} ${order.amount.currency}`

/** What the merchant has of the payment, as far as the hub knows. */
const moneyOf = (state: PaymentState): string => {
  const { status, paidMinor, refundedMinor, reversedMinor } = state
  const back = [
    ...(refundedMinor > 0 ? [`${sumOf(state, refundedMinor)} paid back`] : []),
    ...(reversedMinor > 0 ? [`${sumOf(state, reversedMinor)} reversed by the bank`] : []),
  ]
  const paid = paidMinor > 0 ? `${sumOf(state, paidMinor)} counts as paid` : 'Nothing counts as paid'
  return `${[paid, ...back].join(', ')}. The e-service sees the payment as ${status}.`
}

const raisedBy = (facts: readonly Fact[], state: PaymentState, raised: Attention): readonly string[] => {
  const attempts = state.attempts.filter(({ id }) => concernedBy(facts, raised).includes(id))
  const twins = facts.flatMap((fact) => (fact.fact === 'twin' && raised.facts.includes(fact.key) ? [fact.other] : []))
  const closed = raised.flag === 'paid_late' ? facts.find((fact) => fact.fact === 'closed') : undefined
  return [
    ...(closed ? [`It was closed as ${closed.as} at ${toRfc3339(closed.at)}.`] : []),
    ...attempts.map(attemptTold),
    ...readingsTold(facts, raised),
    ...rulingsTold(facts, raised),
    ...twoNumbers(raised),
    ...twins.map((other) => `The payment ${other} of the same reference was paid too.`),
  ]
}

const attemptTold = ({ id, channel, number, status, begunAt, bankReference }: AttemptState): string =>
  `${id} at ${channel}, begun ${toRfc3339(begunAt)}, is ${status}. The bank was given the number ${number}${
    bankReference ? ` and calls it ${bankReference}` : ''
  }.`

const readingsTold = (facts: readonly Fact[], { facts: keys }: Attention): readonly string[] => {
  const readings = facts
    .flatMap((fact) => (fact.fact === 'reading' && keys.includes(fact.key) ? [fact] : []))
    .sort((a, b) => a.at - b.at)
  const told = readings
    .slice(0, TOLD_AT_MOST)
    .map((fact) => `Heard at ${toRfc3339(fact.at)} by ${fact.source}: ${inWords(fact.reading)}.`)
  const more = readings.length - told.length
  return more > 0 ? [...told, `And ${more} more messages of the kind.`] : told
}

const rulingsTold = (facts: readonly Fact[], { facts: keys }: Attention): readonly string[] =>
  facts.flatMap((fact) =>
    fact.fact === 'ruled' && keys.includes(fact.key)
      ? [`${fact.by} ruled it ${fact.as.replace('_', '-')} at ${toRfc3339(fact.at)}: ${fact.note}`]
      : [],
  )

/** Two numbers of one attempt are named in the flag's own words. */
const twoNumbers = ({ facts: keys }: Attention): readonly string[] => {
  const numbers = keys.flatMap((key) => /#[^:]*:(.+)$/.exec(key)?.[1] ?? [])
  return numbers.length > 0 ? [`The bank names it by the numbers ${numbers.join(' and ')}.`] : []
}

// ------------------------------------------------------------------------------------------------------------------------ refunds

const refundStory = (
  facts: readonly Fact[],
  state: PaymentState,
  { kind, wasRestored }: { readonly kind: string; readonly wasRestored: boolean },
  refund: RefundAskedFact,
): TaskStory => {
  const attempt = state.attempts.find(({ id }) => id === refund.attempt)
  const now = state.refunds.find(({ id }) => id === refund.refund)
  const why = refund.reason === undefined ? '' : ` Why: ${refund.reason}`
  const words = facts.flatMap((fact) =>
    fact.fact === 'ruled' && fact.refund === refund.refund ? [`${fact.by} ruled it ${fact.as}: ${fact.note}`] : [],
  )
  const todo =
    attempt && now && !isSettled(now)
      ? sending(kind, wasRestored, stillFits(state, now), transferOf(facts, state, refund, attempt))
      : undefined
  return {
    happened: [
      `${refund.refund}: ${sumOf(state, refund.amountMinor)} of ${sumOf(state, state.paidMinor)} was asked back at ${toRfc3339(refund.at)}.${why}`,
      ...(attempt ? [attemptTold(attempt)] : []),
      `The refund’s number is ${refund.number}. It is ${now?.status ?? 'gone'}.`,
      ...(now && !isSettled(now) ? madeAtBank(state, refund) : []),
      ...words,
    ],
    money: moneyOf(state),
    ...(todo === undefined ? {} : { todo }),
  }
}

/** Undefined: what the kind of task says to everybody. */
const sending = (kind: string, wasRestored: boolean, fits: boolean, transfer: string): string | undefined => {
  if (kind === 'refund_by_hand') return fits ? `${wasRestored ? PERHAPS_MADE : ''}${transfer}` : SEND_NOTHING
  if (kind !== 'refund_unsettled' || !fits) return undefined
  return `${PAYMENT_TASK_WORDS.refund_unsettled.todo} If you find that it was not made and will not be: ${transfer}`
}

const tooMuchStory = (state: PaymentState, part: string): TaskStory => {
  const attempt = state.attempts.find(({ id }) => id === part)
  const back = state.refunds.filter((refund) => refund.attempt === part && refund.status === 'done')
  const reversedMinor = attempt?.reversedMinor ?? 0
  return {
    happened: [
      ...(attempt ? [attemptTold(attempt)] : []),
      ...back.map(({ id, amountMinor, origin }) =>
        origin === 'psp'
          ? `${sumOf(state, amountMinor)} went back at the bank, asked for by nobody here.`
          : `${id} of ${sumOf(state, amountMinor)} is done.`,
      ),
      ...(reversedMinor > 0 ? [`The bank reversed ${sumOf(state, reversedMinor)}.`] : []),
    ],
    money: moneyOf(state),
  }
}

/** Whoever paid it back in the bank's own programs must not do so again, nor may it be counted twice. */
const madeAtBank = (state: PaymentState, { attempt }: RefundAskedFact): readonly string[] =>
  state.refunds
    .filter((other) => other.origin === 'psp' && other.attempt === attempt)
    .map(
      ({ amountMinor, bankReference }) =>
        `The bank tells of ${sumOf(state, amountMinor)} paid back there${bankReference === undefined ? '' : ` (${bankReference})`}, which is counted already: if it is this refund, send nothing and rule it refund-failed.`,
    )

/** It was promised in place of a refund that had failed, and was done after all. */
const SEND_NOTHING =
  'Send nothing: with what has gone back since, more than was paid would go back. Rule it failed, unless you have made it already.'

/** No bank can be asked whether a clerk made it before the hub forgot that it was asked for. */
const PERHAPS_MADE =
  'The hub’s database was restored since this payment was ordered, so it may have forgotten what was made: look at the account statement for this transfer before you send anything. If it is there, send nothing and rule it done with the bank’s number of it. If it is not: '

/** Everything a transfer form asks for. The payer's account stands here because the money cannot go back without it. */
const transferOf = (
  facts: readonly Fact[],
  state: PaymentState,
  { amountMinor }: RefundAskedFact,
  { id, payer, paidAt, bankReference }: AttemptState,
): string => {
  const from = facts.find((fact): fact is BegunFact => fact.key === `begun:${id}`)?.payee
  const account = payer?.account ?? 'the account that paid: the merchant’s statement names it'
  const to = [payer?.name, account, payer?.bank].filter((text) => text !== undefined).join(', ')
  const paid = paidAt === undefined ? '' : ` on ${toRfc3339(paidAt)}`
  const number = bankReference === undefined ? '' : ` with the bank’s number ${bankReference}`
  return [
    `Transfer ${sumOf(state, amountMinor)}`,
    ...(from ? [`from ${from.iban} (${from.name})`] : []),
    `to ${to}, who paid${paid}${number}.`,
    `Write the reference ${state.order.reference} into the details, then rule it done with the bank’s number of the transfer; or failed, if it cannot be made.`,
  ].join(' ')
}
