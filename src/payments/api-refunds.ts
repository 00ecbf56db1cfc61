import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller } from '../merchants/index.ts'
import { type Problem, problemResponse } from '../platform/http/problem.ts'
import { isPaymentId } from './commands.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { askRefund } from './refunding.ts'
import { MAX_REFUNDS, type NotRefundable } from './refunds.ts'
import { type Answered, once, respond } from './requests.ts'
import { json, key, NOT_FOUND, ownPayment, payment, posted, problem, security, tags, usual } from './routes.ts'
import * as shapes from './schemas.ts'
import { refundView } from './view.ts'

/** Refunds through the API: asked for under the payment's lock, made by a job after that, or by a person. */

const refund = payment.extend({ refund: shapes.RefundIdText.openapi({ param: { name: 'refund', in: 'path' } }) })

export const REFUND_ROUTES = {
  refund: createRoute({
    method: 'post',
    path: '/v1/payments/{id}/refunds',
    operationId: 'refundPayment',
    summary: 'Pay back all or a part',
    tags,
    security,
    request: {
      params: payment,
      headers: key,
      body: { required: true, content: { 'application/json': { schema: shapes.NewRefund } } },
    },
    responses: {
      201: json(
        'Requested; refund.* notices tell what becomes of it. Where the bank takes none from a program, a clerk makes it.',
        shapes.RefundView,
      ),
      404: problem('No such payment.'),
      ...posted,
      ...usual,
    },
  }),
  getRefund: createRoute({
    method: 'get',
    path: '/v1/payments/{id}/refunds/{refund}',
    operationId: 'getRefund',
    summary: 'What became of a refund',
    tags,
    security,
    request: { params: refund },
    responses: { 200: json('The refund.', shapes.RefundView), 404: problem('No such payment or refund.'), ...usual },
  }),
} as const

export const makeRefund = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const id = c.req.param('id') ?? ''
  if (!isPaymentId(id)) return problemResponse(NOT_FOUND)
  // Both before the transaction: one that holds a connection must not wait for another.
  const directory = await hub.merchants.directory()
  const number = await hub.numbers.next()
  return once(hub, c, caller, shapes.NewRefund, async (tx, { amount, attempt, reason }, now): Promise<Answered> => {
    const wanted = { amountMinor: amount, attempt }
    const { eService } = caller
    const asked = await askRefund(hub, tx, { directory, eService, payment: id, wanted, reason, number, now })
    if (!asked) return { problem: NOT_FOUND }
    return asked.ok ? { status: 201, body: refundView(asked.value) } : { problem: refundProblem(asked.error) }
  })
}

export const getRefund = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const loaded = await ownPayment(hub, c, caller)
  const found = loaded && stateOf(loaded.facts).refunds.find(({ id }) => id === c.req.param('refund'))
  return found ? respond({ status: 200, body: refundView(found) }) : problemResponse(NOT_FOUND)
}

/** A state that may change is 409 and not kept under the key; what only another body can mend is 422. */
const refundProblem = ({ code, mostMinor }: NotRefundable): Problem => {
  const title = 'The refund cannot be made'
  switch (code) {
    case 'not_paid':
      return {
        status: 409,
        code,
        title,
        detail: 'Nothing was paid, so nothing can go back. Wait for payment.executed.',
      }
    case 'exceeds_paid':
      return { status: 409, code, title, detail: `At most ${mostMinor} minor units can still go back in one refund.` }
    case 'too_many_refunds':
      return {
        status: 409,
        code,
        title,
        detail: `A payment has at most ${MAX_REFUNDS} refunds: make this one at the bank.`,
      }
    case 'attempt_needed':
      return { status: 422, code, title, detail: 'Several attempts were paid: name the attempt, or give an amount.' }
    case 'unknown_attempt':
      return { status: 422, code, title, detail: 'This payment has no such attempt: see attempts in the payment.' }
  }
}
