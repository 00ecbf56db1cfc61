import { DAY_MS, parseInstant, SECOND_MS } from '../../src/kernel/time.ts'
import type { EventSeen, Evidence, PaymentSeen } from './evidence.ts'
import { flagsAbout, partings } from './evidence.ts'
import type { Moved, Outside } from './outside.ts'
import { isKnowable } from './people.ts'

/** What must hold in every world, whatever went wrong in it. Pure: what the hub says, against what happened outside it. */
export const judge = (evidence: Evidence, outside: Outside): readonly string[] => [
  ...refundsOf(evidence, outside),
  ...ordersOf(evidence, outside),
  ...partings(evidence.facts),
  ...evidence.payments.flatMap((payment) => [
    ...eventsOf(payment, evidence),
    ...endOf(payment, evidence),
    ...flagsOf(payment, evidence),
    ...sumsOf(payment),
  ]),
  ...twiceOf(evidence),
  ...orderedAgain(evidence),
  ...moneyOf(evidence, outside),
  ...noticesOf(evidence, outside),
]

/** Every acknowledged order is there as it was ordered, once; a cancelled one has ended, without money or with. */
const ordersOf = ({ payments }: Evidence, { orders, cancelled, unanswered }: Outside): readonly string[] => [
  ...payments.flatMap(({ view }) =>
    orders.has(view.id) || unanswered.orders.has(view.reference)
      ? []
      : [`${view.id} is there, and who ordered it was told it is not`],
  ),
  ...[...orders].flatMap(([id, { reference, amountMinor }]) => {
    const seen = payments.find(({ view }) => view.id === id)?.view
    if (!seen) return [`${id} was acknowledged and is gone`]
    return seen.reference === reference && seen.amount === amountMinor
      ? []
      : [`${id} is another order than was acknowledged`]
  }),
  ...[...cancelled].flatMap((id) => {
    const seen = payments.find(({ view }) => view.id === id)?.view
    // With one attempt a refusal ends the payment first.
    const fits = seen && (['cancelled', 'executed', 'refused'].includes(seen.status) || seen.closing === 'cancelled')
    return fits ? [] : [`${id} was cancelled and is ${seen?.status}`]
  }),
]

/** Every refund that was acknowledged is there, as it was asked for, and no other; each ends, or a person has it. */
const refundsOf = ({ payments, tasks }: Evidence, { refunds, unanswered }: Outside): readonly string[] => [
  ...payments.flatMap(({ view }) =>
    view.refunds.flatMap(({ id, status, origin }) => {
      const isOver = status === 'done' || status === 'failed'
      const hasTask = tasks.some(({ subject, part }) => subject === view.id && part === id)
      const wasAsked = origin === 'psp' || refunds.has(id) || unanswered.refunds.has(view.id)
      return [
        ...(isOver || hasTask ? [] : [`the refund ${id} of ${view.id} is ${status} for ever, and nobody is told`]),
        ...(wasAsked ? [] : [`the refund ${id} of ${view.id} is there, and who asked for it was told it is not`]),
      ]
    }),
  ),
  ...[...refunds].flatMap(([id, { payment, amountMinor }]) => {
    const seen = payments.find(({ view }) => view.id === payment)?.view.refunds.find((refund) => refund.id === id)
    return seen?.amount === amountMinor
      ? []
      : [`the refund ${id} of ${payment} was acknowledged and is ${seen?.status}`]
  }),
]

/** Numbered 1, 2, 3 …; executed is never left; the newest says what a GET says. */
const eventsOf = ({ view, told, shown }: PaymentSeen, { events, feed }: Evidence): readonly string[] => {
  const own = events.filter(({ payment }) => payment === view.id)
  const numbered = own.every(({ sequence }, place) => sequence === place + 1)
  const paidAt = own.findIndex(({ status }) => status === 'executed')
  const left = paidAt >= 0 && own.slice(paidAt).some(({ status }) => status !== 'executed')
  const inFeed = feed.filter(({ payment }) => payment === view.id)
  const isWhole = inFeed.length === own.length && inFeed.every(({ id }, place) => id === own[place]?.id)
  return [
    ...(own.length > 0 && numbered ? [] : [`${view.id}: events ${own.map(({ sequence }) => sequence)}`]),
    ...(left ? [`${view.id} was executed and became ${own.at(-1)?.status}`] : []),
    ...(isWhole ? [] : [`${view.id}: the feed has ${inFeed.map(({ sequence }) => sequence)}`]),
    ...(told === shown ? [] : [`${view.id}: the newest event says ${told}, a GET ${shown}`]),
    ...(new Set(own.map(({ transaction }) => transaction)).size === own.length
      ? []
      : [`${view.id}: a transaction appended more than one event`]),
    ...own.flatMap((event, place) => {
      const type = typeOf(own[place - 1], event)
      return event.type === type ? [] : [`${view.id}: event ${event.sequence} is ${event.type}, and tells of ${type}`]
    }),
  ]
}

/** The new status, else the refund's, else that somebody has to look; nothing where it tells what the one before told. */
const typeOf = (before: EventSeen | undefined, event: EventSeen): string => {
  if (before?.status !== event.status) return `payment.${event.status}`
  if (before.told === event.told) return 'nothing'
  const former = new Map(before.refunds.map(({ id, status }) => [id, status]))
  const refund = event.refunds.find(({ id, status }) => former.get(id) !== status)
  return refund ? `refund.${refund.status}` : 'payment.attention'
}

/** No dead end: what has not ended waits for a person, and for a day of its own. */
const endOf = ({ view }: PaymentSeen, { tasks, jobs }: Evidence): readonly string[] => {
  if (view.final || tasks.some(({ subject }) => subject === view.id)) return []
  return jobs.some((key) => key.endsWith(view.id)) ? [] : [`${view.id} is ${view.status} for ever, and nobody is told`]
}

const flagsOf = ({ view }: PaymentSeen, { tasks }: Evidence): readonly string[] => {
  const open = tasks
    .filter(({ subject, kind }) => subject === view.id && !kind.startsWith('refund'))
    .map(({ kind }) => kind)
  return open.sort().join() === [...view.attention].sort().join()
    ? []
    : [`${view.id} has the tasks [${open}] and the flags [${view.attention}]`]
}

const sumsOf = ({ view }: PaymentSeen): readonly string[] => {
  const times = view.attempts.filter(({ status }) => status === 'executed').length
  const asked = view.refunds
    .filter(({ status, origin }) => status !== 'failed' && origin !== 'psp')
    .reduce((sum, { amount }) => sum + amount, 0)
  return [
    ...((view.status === 'executed') === times > 0
      ? []
      : [`${view.id} is ${view.status} with ${times} executed attempts`]),
    ...(view.paidAmount === times * view.amount ? [] : [`${view.id}: ${view.paidAmount} paid in ${times} attempts`]),
    ...(asked <= view.paidAmount ? [] : [`${view.id}: ${asked} asked back of ${view.paidAmount}`]),
    ...(times < 2 || view.attention.includes('paid_twice') ? [] : [`${view.id} was paid twice, unseen`]),
  ]
}

/** Where two payments of one reference are paid, as when the money of one comes after it was closed, each has its flag. */
const twiceOf = ({ payments }: Evidence): readonly string[] => {
  const paid = payments.map(({ view }) => view).filter(({ status }) => status === 'executed')
  return paid
    .filter(({ id, reference }) => paid.some((other) => other.reference === reference && other.id !== id))
    .filter(({ attention }) => !attention.includes('paid_twice'))
    .map(({ id, reference }) => `${reference} was paid by ${id} and by another, unseen`)
}

/** Clocks of nodes differ, and an order under way does not see a payment that is being paid. */
const AT_ONCE_MS = 30 * SECOND_MS

/** What is paid cannot be ordered again. */
const orderedAgain = ({ payments, events }: Evidence): readonly string[] =>
  payments.flatMap(({ view }) => {
    const createdAt = parseInstant(view.createdAt) ?? 0
    const others = payments.filter(({ view: { id, reference } }) => reference === view.reference && id !== view.id)
    const isPaid = others.some((other) =>
      events.some(
        ({ payment, status, at }) => payment === other.view.id && status === 'executed' && at < createdAt - AT_ONCE_MS,
      ),
    )
    return isPaid ? [`${view.id} was taken for ${view.reference}, which was paid`] : []
  })

/** Books of banks and hub, to the cent. */
const moneyOf = ({ payments, bank, facts }: Evidence, outside: Outside): readonly string[] => {
  const attempts = payments.flatMap(({ view }) => view.attempts.map((attempt) => ({ ...attempt, view })))
  const executed = attempts.filter(({ status }) => status === 'executed')
  const movedAs = ({ offer, number }: { readonly offer: string; readonly number: string }): Moved | undefined =>
    outside.moved.find((one) => one.channel === offer && one.number === number)
  return [
    ...executed.flatMap((attempt) => {
      const moved = movedAs(attempt)
      return moved && !moved.wrong
        ? []
        : [
            `${attempt.view.id}: ${attempt.id} is executed, and the bank has ${moved ? 'taken something else' : 'no money'}`,
          ]
    }),
    ...outside.moved.filter(isKnowable).flatMap((moved) => {
      const attempt = attempts.find(({ offer, number }) => offer === moved.channel && number === moved.number)
      if (!attempt) return [`${moved.channel} took money for order ${moved.number}, of which the hub knows nothing`]
      const flags = flagsAbout(facts.get(attempt.view.id) ?? [], attempt.id)
      return isSeen(moved, attempt.status, flags)
        ? []
        : [
            `${attempt.view.id}: ${moved.channel} took money (${moved.choice}) for ${attempt.id}, which is ${attempt.status}, flags [${flags}]`,
          ]
    }),
    ...payments.flatMap(({ view }) => {
      // Of the banks that give back for a program; elsewhere a person does.
      const own = view.attempts.filter(({ offer }) => offer === 'sandbox').map(({ number }) => number)
      const back = bank
        .filter(({ channel, number }) => channel === 'sandbox' && own.includes(number))
        .reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)
      return back === view.refundedAmount
        ? []
        : [`${view.id}: the bank gave back ${back}, the hub says ${view.refundedAmount}`]
    }),
  ]
}

/** Money that moved is executed, or somebody has to look. */
export const isSeen = (moved: Moved, status: string, attention: readonly string[]): boolean =>
  moved.wrong ? attention.some((flag) => /mismatch|stuck/.test(flag)) : status === 'executed' || attention.length > 0

export const untoldOf = ({ moved }: Outside): readonly Moved[] => moved.filter((one) => !isKnowable(one))

/** An earlier notice holds later ones back no longer, by clocks that may differ by a few seconds. */
const HELD_BACK_MS = DAY_MS - 5 * SECOND_MS

/** Each event understood at least once; a payment's first ones in order, unless an earlier one has held them back for a day. */
const noticesOf = ({ events, owed }: Evidence, { heard }: Outside): readonly string[] => {
  const firstAt = new Map(heard.filter(({ first }) => first).map(({ id, at }) => [id, at]))
  const unheard = events
    .filter(({ id }) => !firstAt.has(id))
    .map(({ id, payment }) => `${id} of ${payment} was never heard`)
  const overtaken = events.flatMap((event) =>
    events
      .filter((later) => later.payment === event.payment && later.sequence > event.sequence)
      .filter(({ id }) => {
        const at = firstAt.get(id) ?? Number.POSITIVE_INFINITY
        return at < (firstAt.get(event.id) ?? 0) && at < event.at + HELD_BACK_MS
      })
      .map(({ sequence }) => `${event.payment}: notice ${event.sequence} was first heard after ${sequence}`),
  )
  return [...unheard, ...overtaken, ...(owed === 0 ? [] : [`${owed} notices are owed for ever`])]
}
