import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller } from '../../merchants/index.ts'
import { type Problem, problemResponse } from '../../platform/http/problem.ts'
import type { Hub } from '../hub.ts'
import { respond } from '../requests.ts'
import { json, NOT_FOUND, ownPayment, payment, problem, security, tags, usual } from '../routes.ts'
import type { Tokens } from '../tokens.ts'
import { issueReceipt } from './issue.ts'
import { namedOf } from './paid.ts'
import { SignedReceipt } from './schemas.ts'

/** Receipts through the API. */

export const RECEIPT_ROUTES = {
  receipt: createRoute({
    method: 'get',
    path: '/v1/payments/{id}/receipt',
    operationId: 'getReceipt',
    summary: 'The signed receipt of an executed payment',
    description:
      'Made anew at each call, of the payment as it stands. `ebizness receipt verify` and `verifyReceipt` of `ebizness/sdk` check it, ' +
      'years later too, with the keys of `/.well-known/jwks.json` alone.',
    tags,
    security,
    request: { params: payment },
    responses: {
      200: json('The receipt.', SignedReceipt),
      404: problem('No such payment.'),
      409: problem('Nothing was paid.'),
      ...usual,
    },
  }),
} as const

const NOT_PAID: Problem = {
  status: 409,
  code: 'not_paid',
  title: 'There is no receipt',
  detail: 'Nothing was paid. Wait for payment.executed.',
}

export const getReceipt = async (hub: Hub, tokens: Tokens, c: Context, caller: Caller): Promise<Response> => {
  const loaded = await ownPayment(hub, c, caller)
  if (!loaded) return problemResponse(NOT_FOUND)
  const directory = await hub.merchants.directory()
  const issued = await issueReceipt(hub, tokens, directory, namedOf(hub, directory, loaded))
  return issued ? respond({ status: 200, body: issued }) : problemResponse(NOT_PAID)
}
