import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { bankNotice, type Claim, sendNotice } from '../support/bank-notice.ts'
import type { TestHub } from '../support/hub.ts'
import { submit, visit } from '../support/payer.ts'
import { type Ordered, ordered, truth } from '../support/story.ts'
import { type SwedbankWord, swedbankSays } from '../support/swedbank-notice.ts'

/** What payers, banks, e-services and clerks do in the cases, one line each. */

export const AMOUNT_MINOR = 12_345

/** Past the last moments of both banks. */
export const PAST_LAST_MOMENT_MS = 80 * MINUTE_MS
/** By then whatever the hub does by itself about an attempt is done. */
export const IN_THE_END_MS = 3 * HOUR_MS

export type Bill = Ordered

export const order = (hub: TestHub, more: Readonly<Record<string, unknown>> = {}): Promise<Bill> =>
  ordered(hub, { amount: AMOUNT_MINOR, attempts: 'many', ...more })

export const expiringIn = (hub: TestHub, ms: number): Readonly<Record<string, unknown>> => ({
  expiresAt: toRfc3339(hub.clock.now() + ms),
})
export const SHORT_MS = 30 * MINUTE_MS
export const LONG_MS = 90 * MINUTE_MS

/** An attempt: its id at the hub, its number at the bank. */
export type Tried = { readonly id: string; readonly number: string }

/** What comes first is in time first, to the hub too. */
const ONE_STEP_MS = 1

/** The payer goes to the bank and, where the hub asks, says that nothing was paid elsewhere. */
export const goTo = async (hub: TestHub, { id, payUrl }: Bill, offer: 'swedbank-lv' | 'sandbox'): Promise<Tried> => {
  await pass(hub, ONE_STEP_MS)
  const before = (await truth(hub, id)).attempts.length
  await visit(`${payUrl}?channel=${offer}`)
  if ((await truth(hub, id)).attempts.length === before) {
    await submit({ action: `${payUrl}/choose`, method: 'POST', fields: { offer, 'not-paid': 'yes' } })
  }
  const attempt = (await truth(hub, id)).attempts[before]
  if (attempt?.offer !== offer) throw new Error(`${id} has no attempt at ${offer}`)
  return { id: attempt.id, number: attempt.number }
}

export const swedbank = (hub: TestHub, { number }: Tried, word: SwedbankWord): Promise<void> =>
  swedbankSays(hub, number, word)

/** A tester decides at the bogus bank; what is not carried by the payer arrives by itself. */
export const sandboxDecides = async (hub: TestHub, { number }: Tried, choice: string): Promise<void> => {
  const found = hub.world.orders().find((one) => one.channel === 'sandbox' && one.number === number)
  if (!found) throw new Error(`the bank has no order ${number}`)
  await hub.world.choose('sandbox', found.id, choice)
  await hub.settle()
}

/** A message of the bogus bank that no tester can make it send. */
export const sandboxTells = async (
  hub: TestHub,
  { id, reference }: Bill,
  { number }: Pick<Tried, 'number'>,
  claim: Omit<Claim, 'number' | 'reference' | 'at'>,
): Promise<void> => {
  const known = (await truth(hub, id)).attempts.find((attempt) => attempt.number === number)?.paidAt
  const at = known ? { at: known } : {}
  const { status } = await sendNotice(hub, bankNotice(hub, { number, reference, ...claim, ...at }))
  if (status !== 200) throw new Error(`the hub answered ${status}`)
  await hub.settle()
}

export const cancel = async (hub: TestHub, { id }: Bill): Promise<void> => {
  const { status } = await hub.api('POST', `/v1/payments/${id}/cancel`)
  if (status !== 200 && status !== 202) throw new Error(`not cancelled: ${status}`)
}

/** The payer gives up on the hub's page. */
export const goBack = async (_: TestHub, { payUrl }: Bill): Promise<void> => {
  await submit({ action: `${payUrl}/return`, method: 'POST', fields: {} })
}

/** All that is left where no amount is given; of the one attempt that was paid where none is named. */
export type Asked = { readonly amount?: number | undefined; readonly attempt?: string | undefined }

export const refund = async (hub: TestHub, { id }: Bill, asked: Asked = {}): Promise<string> => {
  const { status, body } = await hub.api('POST', `/v1/payments/${id}/refunds`, asked)
  if (status !== 201) throw new Error(`no refund: ${JSON.stringify(body)}`)
  await hub.settle()
  return body.id
}

/** The hub must not take it. */
export const refundInVain = async (hub: TestHub, { id }: Bill, asked: Asked, code: string): Promise<void> => {
  const { body } = await hub.api('POST', `/v1/payments/${id}/refunds`, asked)
  if (body.code !== code) throw new Error(`not refused as ${code}: ${JSON.stringify(body)}`)
}

/** A clerk rules the payment's open task of that kind. */
export const rule = async (hub: TestHub, { id }: Bill, kind: string, as: string): Promise<void> => {
  const task = (await openTasks(hub)).find((one) => one.subject === id && one.kind === kind)
  if (!task) throw new Error(`${id} has no task ${kind}`)
  const ruled = await hub.composed.desk.rule(task.id, { by: 'A. Clerk', note: 'seen on the statement', as })
  if (!ruled.ok) throw new Error(ruled.error.sentence)
  await hub.settle()
}

/** More than all cases leave. */
const TASKS_AT_MOST = 1_000

export const openTasks = (hub: TestHub) => hub.composed.desk.list({ all: false, limit: TASKS_AT_MOST })

export const pass = (hub: TestHub, ms: number): Promise<void> => hub.clock.advance(ms)
