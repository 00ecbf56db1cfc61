import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Instant, parseInstant, toRfc3339 } from '../kernel/time.ts'
import type { Caller } from '../merchants/index.ts'
import { type Problem, problemResponse } from '../platform/http/problem.ts'
import { during, traceparentOf } from '../platform/traces.ts'
import { decideOn, isPaymentId, type OrderRefusal, placeOrder } from './commands.ts'
import type { PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { type Answered, once, respond } from './requests.ts'
import {
  BAD_CURSOR,
  isProblem,
  json,
  key,
  NOT_FOUND,
  ownPayment,
  payment,
  posted,
  problem,
  queryOf,
  security,
  tags,
  usual,
} from './routes.ts'
import * as shapes from './schemas.ts'
import { listPayments, type PaymentRow } from './store/index.ts'
import { viewOf } from './view.ts'

/** Payments through the API: ordered, read, cancelled. */

const PaymentsPage = z.object({
  payments: z.array(shapes.PaymentView).describe('Newest first.'),
  next: z.string().nullable().describe('Cursor of the next page; null: this is the last one.'),
})

const SIGNED_ORDER =
  'Or without an API key: post the payer’s browser to `/pay` with one form field `order`, a compact JWS (EdDSA, ES256 or RS256) of this ' +
  'same body with `iss` (the e-service’s id), `aud` (the hub’s address), `iat`, `exp` (at most 15 minutes later) and `jti` (new for each ' +
  'order). Register the public key as `orderKeys` of the e-service in `cma.yaml`. A repeated or equal order leads to the same payment.'

export const PAYMENT_ROUTES = {
  create: createRoute({
    method: 'post',
    path: '/v1/payments',
    operationId: 'createPayment',
    summary: 'Order a payment',
    description: SIGNED_ORDER,
    tags,
    security,
    request: { headers: key, body: { required: true, content: { 'application/json': { schema: shapes.NewPayment } } } },
    responses: { 201: json('The payment; send the payer to payUrl.', shapes.WholePayment), ...posted, ...usual },
  }),
  list: createRoute({
    method: 'get',
    path: '/v1/payments',
    operationId: 'listPayments',
    summary: 'List payments, newest first',
    tags,
    security,
    request: { query: shapes.ListQuery },
    responses: {
      200: json('A page.', PaymentsPage),
      422: problem('A parameter is wrong.'),
      ...usual,
    },
  }),
  get: createRoute({
    method: 'get',
    path: '/v1/payments/{id}',
    operationId: 'getPayment',
    summary: 'The truth about a payment',
    tags,
    security,
    request: { params: payment },
    responses: { 200: json('The payment.', shapes.WholePayment), 404: problem('No such payment.'), ...usual },
  }),
  cancel: createRoute({
    method: 'post',
    path: '/v1/payments/{id}/cancel',
    operationId: 'cancelPayment',
    summary: 'Cancel a payment',
    tags,
    security,
    request: { params: payment, headers: key },
    responses: {
      200: json('Cancelled.', shapes.PaymentView),
      202: json('Closing: a bank may still take the money; it ends by itself.', shapes.PaymentView),
      404: problem('No such payment.'),
      ...posted,
      ...usual,
    },
  }),
} as const

export const createPayment = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  // Read before the transaction: requests that hold a connection and wait for another one can bring each other to a standstill.
  const directory = await hub.merchants.directory()
  // An e-service is known by its key: its trace goes on here.
  const parent = traceparentOf(c.req.header('traceparent'))
  const about = { 'ebizness.e_service': caller.eService.id }
  const take = (traceparent: string | undefined) =>
    once(hub, c, caller, shapes.NewPayment, async (tx, body, now): Promise<Answered> => {
      const placed = await placeOrder(hub, tx, { directory, eService: caller.eService, order: body, now, traceparent })
      if (!placed.ok) return { problem: orderProblem(placed.error) }
      return { status: 201, body: wholeView(hub, caller, placed.value.row, placed.value.state, []) }
    })
  const span = hub.traces.begin('payment.create', { kind: 'server', parent, about })
  return during(span, take, ({ status }) => ({ 'http.response.status_code': status }))
}

export const orderProblem = (refusal: OrderRefusal): Problem => {
  if (refusal.code === 'reference_in_use') {
    return {
      status: 409,
      code: refusal.code,
      title: 'Another payment has this reference',
      detail:
        'A payment with this reference is executed or can still be. Use that one, cancel it first, or give another reference.',
      more: { payment: refusal.payment },
    }
  }
  const errors = [{ path: refusal.path, message: refusal.detail }]
  return { status: 422, code: refusal.code, title: 'The order cannot be taken', detail: refusal.detail, errors }
}

export const getPayment = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const loaded = await ownPayment(hub, c, caller)
  return loaded
    ? respond({ status: 200, body: await wholeOf(hub, caller, loaded.row, stateOf(loaded.facts)) })
    : problemResponse(NOT_FOUND)
}

export const cancelPayment = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const id = c.req.param('id') ?? ''
  if (!isPaymentId(id)) return problemResponse(NOT_FOUND)
  return once(hub, c, caller, z.strictObject({}), async (tx): Promise<Answered> => {
    const { eService } = caller
    const command = { do: 'close', as: 'cancelled', by: 'e-service' } as const
    const owns = (row: PaymentRow) => row.eService === eService.id
    const done = await decideOn(hub, tx, eService.merchant, id, command, owns)
    if (!done) return { problem: NOT_FOUND }
    if (done.decided.ok) {
      const state = done.decided.value
      return { status: state.final ? 200 : 202, body: viewOf(done.row, state) }
    }
    const { status } = done.now
    const detail = status === 'executed' ? 'It is paid: to give money back, ask for a refund.' : 'It has ended already.'
    return { problem: { status: 409, code: 'already_final', title: `The payment is ${status}`, detail } }
  })
}

type EventLine = { readonly id: string; readonly type: string; readonly sequence: number; readonly at: string }

const wholeView = (hub: Hub, caller: Caller, row: PaymentRow, state: PaymentState, told: readonly EventLine[]) => {
  const mayRead = caller.scopes.includes('payer:read')
  return {
    ...viewOf(row, state),
    payUrl: `${hub.publicUrl}/pay/${row.payToken}`,
    returnUrl: row.details.returnUrl,
    payer: mayRead ? row.details.payer : null,
    payersAtBank: mayRead
      ? state.attempts.flatMap(({ id, payer }) =>
          payer
            ? [{ attempt: id, name: payer.name ?? null, account: payer.account ?? null, bank: payer.bank ?? null }]
            : [],
        )
      : null,
    events: told,
  }
}

const wholeOf = async (hub: Hub, caller: Caller, row: PaymentRow, state: PaymentState) => {
  const told = await hub.notices.ofSubject(row.eService, row.id)
  const lines = told.map(({ id, type, sequence, at }) => ({ id, type, sequence, at: toRfc3339(at) }))
  return wholeView(hub, caller, row, state, lines)
}

export const listOwn = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(shapes.ListQuery, c)
  if (isProblem(query)) return problemResponse(query)
  const before = query.after === undefined ? undefined : readCursor(query.after)
  if (query.after !== undefined && !before) return problemResponse(BAD_CURSOR)
  const found = await listPayments(hub.db, eService.merchant, eService.id, {
    reference: query.reference,
    status: query.status,
    from: query.from === undefined ? undefined : parseInstant(query.from),
    to: query.to === undefined ? undefined : parseInstant(query.to),
    before,
    limit: query.limit + 1,
  })
  const page = found.slice(0, query.limit)
  const last = found.length > query.limit ? page.at(-1) : undefined
  const next = last ? cursorOf(last.row.createdAt, last.row.id) : null
  return respond({ status: 200, body: { payments: page.map(({ row, facts }) => viewOf(row, stateOf(facts))), next } })
}

const cursorOf = (createdAt: Instant, id: string): string => Buffer.from(`${createdAt} ${id}`).toString('base64url')
const readCursor = (cursor: string) => {
  const match = /^(\d{1,15}) (pay_[0-9a-z]{26})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? { createdAt: Number(match[1]), id: match[2] ?? '' } : undefined
}
