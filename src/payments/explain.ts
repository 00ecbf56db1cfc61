import { toDecimal } from '../kernel/money.ts'
import { type Instant, toRfc3339 } from '../kernel/time.ts'
import type { AttemptState, Fact, PaymentState, RefundState, Source } from './facts.ts'
import { nextDeadline } from './payment.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'

/** Why a payment is in its state, in plain words for support staff, as one paragraph. Pure, and without personal data. */
export const explain = (facts: readonly Fact[], state: PaymentState): string =>
  [
    `${sum(state, state.order.amount.amountMinor)} was ordered at ${when(state.order.at)}.`,
    ...WHY[state.status](facts, state),
    ...closingOf(state),
    ...backOf(state),
    ...nextOf(state),
    ...state.attention.map(({ flag }) => needsPerson(flag)),
  ].join(' ')

type Why = (facts: readonly Fact[], state: PaymentState) => readonly string[]

const WHY: Readonly<Record<PaymentState['status'], Why>> = {
  executed: (facts, state) =>
    state.attempts.filter(({ status }) => status === 'executed').map((attempt) => paidBy(facts, attempt)),
  refused: (_, state) => {
    const last = state.attempts.at(-1)
    const no = last ? saidNo(last) : 'No attempt came to an end.'
    return [
      no,
      state.order.attempts === 'one' ? 'The order allows one attempt.' : 'The payer went back without paying.',
    ]
  },
  cancelled: (facts) => [`The ${closedBy(facts)} cancelled it, and no attempt may still be paid.`],
  expired: (_, state) => [`Nobody had paid when its time ended, ${when(state.order.expiresAt)}.`],
  accepted: (_, state) =>
    state.attempts
      .filter(({ status }) => status === 'accepted')
      .map(({ channel }) => `${channel} has taken it for processing and has not yet said that it is executed.`),
  started: (_, state) => state.attempts.filter(({ mayStillBePaid }) => mayStillBePaid).map(underWay),
  open: (_, state) => {
    const last = state.attempts.at(-1)
    return [last ? saidNo(last) : 'Nobody has tried to pay it yet.', 'It may be paid.']
  },
}

const SOURCE_WORDS: Readonly<Record<Source, string>> = {
  statement: 'the account statement',
  enquiry: 'its answer to our question',
  notice: 'its notice',
  return: 'what the payer’s browser brought back',
}

const paidBy = (facts: readonly Fact[], { id, channel, number, bankReference }: AttemptState): string => {
  const ruled = facts.find((fact) => fact.fact === 'ruled' && fact.attempt === id && fact.as === 'paid')
  const sources = new Set(
    facts.flatMap((fact) =>
      fact.fact === 'reading' && fact.attempt === id && fact.reading.says === 'paid' ? [SOURCE_WORDS[fact.source]] : [],
    ),
  )
  const said = sources.size > 0 ? `said by ${[...sources].sort().join(' and ')}` : 'as far as was heard'
  const by = ruled?.fact === 'ruled' ? `, ruled so by ${ruled.by}: ${ruled.note.replace(/\.$/, '')}` : `, ${said}`
  return `It is paid at ${channel} by attempt ${number}${by}${bankReference ? `; the bank calls it ${bankReference}` : ''}.`
}

/** An attempt that ended without money, or holds something that a person must look at. */
const saidNo = ({ channel, number, status, reason, left }: AttemptState): string => {
  if (status === 'refused') return `Attempt ${number} at ${channel} was refused (${reason ?? 'without a reason'}).`
  if (status === 'lapsed') return `Attempt ${number} at ${channel} was not paid before the bank’s last moment.`
  return `Attempt ${number} at ${channel} is ${status}${left ? ', and the payer left it' : ''}.`
}

const underWay = ({ channel, number, status, begunAt, returnedAt, left, plan }: AttemptState): string => {
  const begun =
    status === 'unknown'
      ? `Whether ${channel} heard of attempt ${number} is not known`
      : `The payer was sent to ${channel} at ${when(begunAt)} (attempt ${number})`
  const since = left
    ? ', said not to have paid there, and went elsewhere'
    : returnedAt === undefined
      ? ' and has not come back'
      : ` and came back at ${when(returnedAt)} without a final word`
  const ask = plan.canAsk ? 'The bank can be asked.' : 'The bank cannot be asked, only waited for.'
  return `${begun}${since}. ${ask}`
}

const closedBy = (facts: readonly Fact[]): string => {
  const asked = facts.find((fact) => fact.fact === 'closing_asked')
  return asked?.fact === 'closing_asked' ? asked.by : 'hub'
}

const closingOf = ({ closing, closingAskedAt }: PaymentState): readonly string[] =>
  closing === undefined || closingAskedAt === undefined
    ? []
    : [
        `It is being closed as ${closing} since ${when(closingAskedAt)}: nobody can begin to pay, and it ends when what was begun has ended.`,
      ]

const backOf = (state: PaymentState): readonly string[] => {
  const { refunds, refundedMinor, reversedMinor } = state
  const open = refunds.filter(({ status }) => status === 'requested' || status === 'sent' || status === 'unknown')
  const minorOf = (some: typeof open): number => some.reduce((all, { amountMinor }) => all + amountMinor, 0)
  // Never sent: what the bank may have is on its way although a person has it too.
  const heldMinor = (why: RefundState['handed']): number =>
    minorOf(open.filter(({ handed, status }) => handed === why && status === 'requested'))
  const [byHandMinor, doubtedMinor] = [heldMinor('not_sent'), heldMinor('unsettled')]
  const underWayMinor = minorOf(open) - byHandMinor - doubtedMinor
  return [
    ...(refundedMinor > 0 ? [`${sum(state, refundedMinor)} went back.`] : []),
    ...(underWayMinor > 0 ? [`${sum(state, underWayMinor)} is on its way back.`] : []),
    ...(byHandMinor > 0 ? [`${sum(state, byHandMinor)} waits for a clerk who pays it back by hand.`] : []),
    ...(doubtedMinor > 0
      ? [`${sum(state, doubtedMinor)} waits for a clerk who finds out whether it went back before.`]
      : []),
    ...(reversedMinor > 0 ? [`The bank reversed ${sum(state, reversedMinor)}.`] : []),
  ]
}

const nextOf = (state: PaymentState): readonly string[] => {
  const next = nextDeadline(state)
  return [next === undefined ? 'Nothing is left for the hub to do.' : `The hub acts by itself next at ${when(next)}.`]
}

const needsPerson = (flag: keyof typeof PAYMENT_TASK_WORDS): string => {
  const { title, means } = PAYMENT_TASK_WORDS[flag]
  return `It needs a person: ${title.charAt(0).toLowerCase()}${title.slice(1)}. ${means}`
}

const sum = ({ order }: PaymentState, amountMinor: number): string =>
  `${toDecimal({ amountMinor, currency: order.amount.currency })} ${order.amount.currency}`

/** `2026-11-23 08:00:00Z`: RFC 3339 as people read it. */
const when = (at: Instant): string => toRfc3339(at).replace('T', ' ').replace(/\.\d+/, '')
