import { newId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Tx } from '../platform/db/db.ts'
import { afterCommit } from '../platform/db/transactions.ts'
import { countChange } from './counting.ts'
import type { PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import { type Decided, nextDeadline, stateOf } from './payment.ts'
import { type Loaded, othersOfReference, type PaymentRow, writePayment } from './store/index.ts'
import { changedTasks, closingOf, PAYMENT_TASKS } from './tasks.ts'
import { eventType, viewOf } from './view.ts'

export const DEADLINE = 'payments.deadline'
/** Its own job: a deadline that moves must not make the hub forget that it was told to ask. */
export const HINT = 'payments.hint'
export const TWINS = 'payments.twins'
export const PARKED = 'payments.parked'
export const RECEIPT_MAIL = 'payments.receipt-mail'

/** Jobs name a row by its whole key. */
export const jobKey = (merchant: string, id: string): string => `${merchant}/${id}`
export const fromJobKey = (key: string): readonly [merchant: string, id: string] => {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash + 1)]
}

/**
 * Writes what was decided, under the lock that `loaded` was read with: facts and row, exactly one event if anything the API shows
 * changed, the tasks that a person has by it, and the next time at which the server acts by itself. All in the caller's transaction.
 */
export const record = async (hub: Hub, tx: Tx, loaded: Loaded, decided: Decided, now: Instant): Promise<void> => {
  if (decided.facts.length === 0) return
  const { row } = loaded
  const before = stateOf(loaded.facts)
  const view = viewOf(row, decided.state)
  const type = eventType(viewOf(row, before), view)
  const sequence = row.sequence + (type ? 1 : 0)
  const about = { 'ebizness.payment': row.id, ...(type ? { 'ebizness.event': type } : {}) }
  const span = hub.traces.begin('payment.record', { parent: row.traceparent, about })
  await writePayment(tx, row, decided.facts, decided.state, sequence, now)
  if (type) {
    const { merchant, eService, id: subject } = row
    const id = newId('evt', now, hub.random)
    const data = { eService, payment: view }
    const { traceparent } = span
    await hub.notices.append(tx, [{ id, merchant, eService, subject, sequence, type, at: now, data, traceparent }])
  }
  const tasks = changedTasks(before, decided.state)
  if (tasks) {
    const subject = { merchant: row.merchant, subject: row.id, eService: row.eService }
    await hub.tasks.set(tx, subject, PAYMENT_TASKS, tasks, closingOf(decided.facts), now)
  }
  // Undone with its transaction, a span is never told.
  afterCommit(tx, () => {
    span.end({ 'ebizness.status': decided.state.status })
    countChange(hub, before, decided)
  })
  await setDeadline(hub, tx, row, before, decided.state)
  if (before.status !== 'executed' && decided.state.status === 'executed') {
    await lookForTwins(hub, tx, row, now)
    // Whether the e-service wants it sent is read when it is sent: to read it here would take a second connection.
    if (row.details.payer?.email !== undefined) {
      await hub.jobs.set(tx, [{ kind: RECEIPT_MAIL, key: jobKey(row.merchant, row.id), runAt: now, payload: now }])
    }
  }
}

const setDeadline = async (
  hub: Hub,
  tx: Tx,
  row: PaymentRow,
  before: PaymentState,
  after: PaymentState,
): Promise<void> => {
  const next = nextDeadline(after)
  if (next === nextDeadline(before)) return
  const key = jobKey(row.merchant, row.id)
  if (next === undefined) await hub.jobs.remove(tx, DEADLINE, key)
  else await hub.jobs.set(tx, [{ kind: DEADLINE, key, runAt: next }])
}

/** Two executed payments of one reference must know each other; looked at after commit, since both may be committing now. */
const lookForTwins = async (hub: Hub, tx: Tx, row: PaymentRow, now: Instant): Promise<void> => {
  const others = await othersOfReference(tx, row)
  if (others.length > 0) await hub.jobs.set(tx, [{ kind: TWINS, key: jobKey(row.merchant, row.id), runAt: now }])
}
