import type { RefundStatus } from '../../src/payments/facts.ts'
import { nextDeadline, stateOf } from '../../src/payments/payment.ts'
import { loadById } from '../../src/payments/store/index.ts'
import type { Task } from '../../src/tasks/index.ts'
import type { TestHub } from '../support/hub.ts'
import { noticesOf, truth } from '../support/story.ts'
import type { Bill } from './moves.ts'

/** What became of a payment, as the e-service and a clerk see it. */
export type Seen = {
  readonly status: string
  readonly closing: string | null
  readonly flags: readonly string[]
  readonly paid: number
  readonly refunded: number
  readonly reversed: number
  readonly refunds: readonly RefundStatus[]
  readonly paidBackAtBank: number
  readonly tasks: readonly SeenTask[]
  readonly notices: readonly string[]
}
export type SeenTask = { readonly kind: string; readonly title: string; readonly takes: readonly string[] }

export const observe = async (hub: TestHub, bill: Bill, open: readonly Task[]): Promise<Seen> => {
  const { id } = bill
  const payment = await truth(hub, id)
  const { state } = await heartOf(hub, bill)
  const tasks = await Promise.all(
    open
      .filter(({ subject }) => subject === id)
      .map(async (task): Promise<SeenTask> => {
        const shown = await hub.composed.desk.show(task.id)
        const takes = shown?.story.takes ?? []
        return { kind: task.kind, title: shown?.words.title ?? '', takes: [...new Set(takes.map(({ as }) => as))] }
      }),
  )
  return {
    status: payment.status,
    closing: textOrNull(payment.closing),
    flags: [payment.attention].flat().map(String).sort(),
    paid: payment.paidAmount,
    refunded: Number(payment.refundedAmount),
    reversed: Number(payment.reversedAmount),
    refunds: state.refunds.map(({ status }) => status).sort(),
    paidBackAtBank: paidBackAtBank(hub, bill),
    tasks: tasks.sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    notices: noticesOf(hub, id),
  }
}

const paidBackAtBank = (hub: TestHub, { reference }: Bill): number =>
  hub.world
    .orders()
    .filter(({ text }) => text.startsWith(`${reference} `))
    .reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** The payment's facts, its state by the heart, and when the server acts by itself next. */
export const heartOf = async (hub: TestHub, { id }: Bill) => {
  const loaded = await loadById(hub.database.db, id)
  if (!loaded) throw new Error(`no payment ${id}`)
  const state = stateOf(loaded.facts)
  return { facts: loaded.facts, state, next: nextDeadline(state) }
}
