import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller, Directory } from '../../merchants/index.ts'
import { type Problem, problemResponse } from '../../platform/http/problem.ts'
import type { Hub } from '../hub.ts'
import { respond } from '../requests.ts'
import { isProblem, NOT_FOUND, ownPayment, payment, problem, queryOf, security, tags, usual } from '../routes.ts'
import { LanguageCode } from '../schemas.ts'
import type { Tokens } from '../tokens.ts'
import { issueReceipt } from './issue.ts'
import { type Named, namedOf } from './paid.ts'
import { printReceipt } from './pdf.ts'
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
    request: {
      params: payment,
      query: z.object({
        language: LanguageCode.optional().openapi({ description: 'Of the PDF. Absent: the payment’s.' }),
      }),
    },
    responses: {
      200: {
        description: 'The receipt: JSON, or a tagged PDF where `Accept` says `application/pdf`.',
        content: {
          'application/json': { schema: SignedReceipt },
          'application/pdf': { schema: z.string().openapi({ format: 'binary' }) },
        },
      },
      404: problem('No such payment.'),
      409: problem('Nothing was paid.'),
      422: problem('A parameter is wrong.'),
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
  const query = queryOf(RECEIPT_ROUTES.receipt.request.query, c)
  if (isProblem(query)) return problemResponse(query)
  const directory = await hub.merchants.directory()
  const named = namedOf(hub, directory, loaded)
  if (/\bapplication\/pdf\b/.test(c.req.header('accept') ?? '')) return printed(hub, directory, named, query.language)
  const issued = await issueReceipt(hub, tokens, directory, named)
  return issued ? respond({ status: 200, body: issued }) : problemResponse(NOT_PAID)
}

const TOO_MANY: Problem = {
  status: 429,
  code: 'too_many_requests',
  title: 'Too many receipts at once',
  detail: 'Drawing PDFs must not slow payments down: ask again in a second.',
  headers: { 'retry-after': '1' },
}

const printed = async (
  hub: Hub,
  directory: Directory,
  named: Named,
  language: string | undefined,
): Promise<Response> => {
  const sheet = await printReceipt(hub, directory, named, language)
  if (sheet === 'not_paid') return problemResponse(NOT_PAID)
  if (sheet === 'too_many') return problemResponse(TOO_MANY)
  return new Response(sheet, { headers: { 'content-type': 'application/pdf', 'cache-control': 'no-store' } })
}
