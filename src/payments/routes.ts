import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller } from '../merchants/index.ts'
import { fieldMessage } from '../platform/http/field-message.ts'
import { invalidFields, type Problem } from '../platform/http/problem.ts'
import { isPaymentId } from './commands.ts'
import type { Hub } from './hub.ts'
import * as shapes from './schemas.ts'
import { type Loaded, loadPayment } from './store/index.ts'

/** What the routes of the API share: how they are described, and whose payment is meant. */

export const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})
export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: shapes.ProblemView } },
})
export const usual = {
  401: problem('The key is missing, unknown or revoked.'),
  429: problem('Too many requests; Retry-After says when to go on.'),
  503: problem('The database is away; repeat the request with the same Idempotency-Key.'),
}
export const posted = {
  400: problem('Malformed JSON, or no Idempotency-Key.'),
  409: problem('An equal request is running, or the state does not allow it.'),
  413: problem('The body is too large.'),
  415: problem('The body is not JSON.'),
  422: problem('A field is wrong (see errors), or the Idempotency-Key belongs to another body.'),
}
export const security = [{ bearer: [] }]
export const tags = ['payments']
export const key = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[!-~]{1,255}$/)
    .describe('Any text of your own, new for each request; repeat the request with the same one, and it is done once.'),
})
export const payment = z.object({ id: shapes.PaymentIdText.openapi({ param: { name: 'id', in: 'path' } }) })
export const NOT_FOUND: Problem = {
  status: 404,
  code: 'not_found',
  title: 'There is no such thing',
  detail: 'This e-service has nothing under that id. Check the id and which key you use.',
}

export const ownPayment = async (hub: Hub, c: Context, { eService }: Caller): Promise<Loaded | undefined> => {
  const id = c.req.param('id') ?? ''
  const loaded = isPaymentId(id) ? await loadPayment(hub.db, eService.merchant, id) : undefined
  return loaded?.row.eService === eService.id ? loaded : undefined
}

export const queryOf = <Value>(schema: z.ZodType<Value>, c: Context): Value | Problem => {
  const parsed = schema.safeParse(c.req.query(), { error: fieldMessage })
  return parsed.success ? parsed.data : invalidFields(parsed.error.issues)
}
export const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value

export const BAD_CURSOR: Problem = invalidFields([
  { path: ['after'], message: 'This is not a cursor of ours; leave it out to begin anew.' },
])
