import { type Context, Hono } from 'hono'
import type { Directory } from '../merchants/index.ts'
import type { Tx } from '../platform/db/db.ts'
import { during } from '../platform/traces.ts'
import { bodyHash, checkOrder, placeOrder } from './commands.ts'
import type { Hub } from './hub.ts'
import type { ProblemKind, ProblemPage } from './pages/props.ts'
import { stateOf } from './payment.ts'
import { readSignedOrder, type SignedOrder } from './signed-order.ts'
import { awaitKey, type KeyScope, keepAnswer, loadPayment, type PaymentRow } from './store/index.ts'

export type ProblemDetail = Partial<Pick<ProblemPage, 'money' | 'detail'>>
type ShowProblem = (c: Context, problem: ProblemKind, status: 422, more: ProblemDetail) => Response | Promise<Response>

type Refused = { readonly detail: string; readonly money: ProblemPage['money'] }
type Led = { readonly row: PaymentRow } | Refused

/** Where an e-service posts the payer's browser with a signed order: the same checks as by API, and on to the payment's page. */
export const signedOrderRoutes = (hub: Hub, showProblem: ShowProblem): Hono => {
  const app = new Hono()
  app.post('/pay', async (c) => {
    const led = await lead(hub, await orderField(c))
    if ('row' in led) return c.redirect(`${hub.publicUrl}/pay/${led.row.payToken}`, 303)
    return showProblem(c, 'bad_order', 422, led)
  })
  return app
}

const orderField = async (c: Context): Promise<string> => {
  const type = c.req.header('content-type') ?? ''
  if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) return ''
  const { order } = await c.req.parseBody()
  return typeof order === 'string' ? order : ''
}

const lead = async (hub: Hub, token: string): Promise<Led> => {
  if (token === '') return refusing('Post a form (application/x-www-form-urlencoded) with one field, order.')
  // Read before the transaction, as by API: nothing waits for a second connection while it holds one.
  const directory = await hub.merchants.directory()
  const signed = await readSignedOrder(hub, directory, token, hub.clock.now())
  if (!signed.ok) return refusing(signed.error)
  const span = hub.traces.begin('payment.create', { kind: 'server' })
  return during(
    span,
    (traceparent) => hub.db.tx((tx) => take(hub, tx, directory, signed.value, traceparent)),
    (led) => ('row' in led ? { 'ebizness.payment': led.row.id } : { 'ebizness.outcome': 'refused' }),
  )
}

const refusing = (detail: string, money: ProblemPage['money'] = 'none_moved'): Refused => ({ detail, money })

/** Once per `jti`: its payment and the note of it are one transaction. */
const take = async (
  hub: Hub,
  tx: Tx,
  directory: Directory,
  signed: SignedOrder,
  traceparent: string | undefined,
): Promise<Led> => {
  const { eService, jti, order, untimely } = signed
  const scope: KeyScope = [eService.merchant, eService.id, 'POST /pay', jti]
  const hash = bodyHash([canonical(order)])
  const given = await awaitKey(tx, scope)
  if (typeof given === 'object') {
    if (given.bodyHash !== hash)
      return refusing('This jti belongs to another order: give each its own.', 'being_checked')
    return rowOf(tx, eService.merchant, String(given.answer))
  }
  // It may have been taken under another jti.
  if (untimely) return refusing(untimely, 'being_checked')
  const now = hub.clock.now()
  const placed = await placeOrder(hub, tx, { directory, eService, order, now, traceparent })
  const led = placed.ok
    ? { row: placed.value.row }
    : placed.error.code === 'reference_in_use'
      ? await equalOne(hub, tx, directory, signed, placed.error.payment)
      : refusing(`${placed.error.path}: ${placed.error.detail}`)
  if ('row' in led) await keepAnswer(tx, scope, { bodyHash: hash, status: 201, answer: led.row.id }, now)
  return led
}

const rowOf = async (tx: Tx, merchant: string, id: string): Promise<Led> => {
  const loaded = await loadPayment(tx, merchant, id)
  return loaded ? { row: loaded.row } : refusing('The payment of this order is no longer kept.', 'being_checked')
}

const IN_USE = 'Another payment has this reference and differs from this order: use that one, or another reference.'

/** The payment that has the reference, where it was ordered with the very same words. */
const equalOne = async (hub: Hub, tx: Tx, directory: Directory, signed: SignedOrder, id: string): Promise<Led> => {
  const { eService, order } = signed
  const loaded = await loadPayment(tx, eService.merchant, id)
  const checked = checkOrder(hub, directory, eService, order, hub.clock.now())
  if (!loaded || !checked.ok) return refusing(IN_USE, 'being_checked')
  const { row } = loaded
  const former = stateOf(loaded.facts).order
  const same =
    former.amount.amountMinor === order.amount &&
    former.amount.currency === order.currency &&
    former.attempts === checked.value.attempts &&
    (order.expiresAt === undefined || former.expiresAt === checked.value.expiresAt) &&
    canonical(row.details) === canonical(checked.value.details)
  return same ? { row } : refusing(IN_USE, 'being_checked')
}

/** Equal for equal values, in whatever order their members were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
