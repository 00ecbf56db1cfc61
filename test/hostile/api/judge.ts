import { parseInstant } from '../../../src/kernel/time.ts'
import { PROBLEM_CODES } from '../../../src/payments/problem-codes.ts'
import { fieldOf, type Written } from '../ledger.ts'
import type { Got } from '../request.ts'
import type { ApiCase } from './cases.ts'
import { type ApiDocument, misfit } from './document.ts'
import { MARKS } from './world.ts'

/** What a request that is refused may leave behind: when its key was used, its answer under its Idempotency-Key, numbers set aside. */
const LEFT_BY_REFUSED = ['merchants.api_key', 'payments.idempotency', 'payments.number_block']
/** What one that only asks may. */
const LEFT_BY_ASKING = ['merchants.api_key']

/** Events of before find their place in the feed when somebody looks for events. */
const PLACING = ['notices.unplaced', 'notices.dispatch', 'notices.frontier', 'notices.feed']

/** Everything that is wrong about an answer; empty when all is right. */
export const breachesOf = (
  document: ApiDocument,
  one: ApiCase,
  got: Got,
  written: readonly Written[],
): readonly string[] => {
  const { status } = got
  if (status >= 500) return [`answered ${status}`]
  const refused = status >= 400
  const body = got.type.includes('json') ? parsed(got.body) : undefined
  return [
    ...(one.mustRefuse !== undefined && !refused ? [`is taken with ${status}, though ${one.mustRefuse}`] : []),
    ...(one.spoilt.length === 0 && refused && status !== 409 ? [`is refused unspoilt: ${got.body}`] : []),
    ...undocumented(document, one, got, body),
    ...(refused ? problemFaults(got, body) : []),
    ...(refused && one.mustRefuse === undefined ? unexplained(body) : []),
    ...leaks(one, got),
    ...leftovers(one, refused, written),
    ...(status === 201 && one.operation.operationId === 'createPayment' ? changedOnTheWay(one.json, body) : []),
  ]
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

const undocumented = ({ shapes }: ApiDocument, { operation }: ApiCase, got: Got, body: unknown): readonly string[] => {
  // The address was spoilt so that it leads nowhere.
  if (fieldOf(body, 'code') === 'no_such_address') return []
  const type = got.type.split(';')[0] ?? ''
  const schema = operation.responses[got.status]?.content[type]?.schema
  if (!schema) return [`${got.status} ${type} is not documented`]
  const fault = type.includes('json') ? misfit(shapes, schema, body, true) : undefined
  return fault === undefined
    ? []
    : [`the answer is not as documented: ${fault} in ${got.body.toString().slice(0, 500)}`]
}

const CODES: Readonly<Record<string, { readonly status: number }>> = PROBLEM_CODES

const problemFaults = (got: Got, body: unknown): readonly string[] => {
  const code = String(fieldOf(body, 'code'))
  const type = got.type.split(';')[0]
  const whole = ['title', 'detail'].every((name) => String(fieldOf(body, name) ?? '').length > 0)
  return [
    ...(type === 'application/problem+json' ? [] : [`a problem of type ${type}`]),
    ...(CODES[code]?.status === got.status ? [] : [`code ${code} with ${got.status}`]),
    ...(fieldOf(body, 'status') === got.status && whole ? [] : ['not a whole problem']),
    ...(fieldOf(body, 'type') === `urn:ebizness:problem:${code}` ? [] : ['another type']),
  ]
}

/** Rules that JSON Schema has no word for; a field that breaks none of them and is refused would surprise an integrator. */
const REFINED =
  /^(paymentReference|expiresAt|from|to|after|returnUrl|payer\.email|payee|channel|channels(\.\d+)?|language|reason|description(\.\w*)?|metadata(\..*)?)?$/s

const unexplained = (body: unknown): readonly string[] => {
  if (fieldOf(body, 'code') !== 'invalid_fields') return []
  const errors = fieldOf(body, 'errors')
  const paths = Array.isArray(errors)
    ? errors.map((error) => [String(fieldOf(error, 'path')), String(fieldOf(error, 'message'))])
    : []
  const odd = paths.filter(([path = '', message = '']) => !REFINED.test(path) && !/surrogate/.test(message))
  return odd.map(([path, message]) => `fits the document and is refused: ${path} ${message}`)
}

const leaks = ({ caller }: ApiCase, { body }: Got): readonly string[] => {
  const text = body.toString()
  const foreign = caller === 'ours' ? [MARKS.theirs] : caller === 'theirs' ? [MARKS.ours] : Object.values(MARKS)
  // What a problem quotes is the request's own; payments of others are told by their words.
  return foreign
    .filter((mark) => new RegExp(`"[^"]*${mark}[^"]*"`).test(text))
    .map((mark) => `shows what is ${mark}: ${text.slice(0, 300)}`)
}

const leftovers = ({ operation }: ApiCase, refused: boolean, written: readonly Written[]): readonly string[] => {
  const lawful = refused ? LEFT_BY_REFUSED : operation.method === 'GET' ? LEFT_BY_ASKING : undefined
  const placing = operation.path.startsWith('/v1/events') ? PLACING : []
  const over = written.filter(({ table }) => lawful && ![...lawful, ...placing].includes(table))
  return over.map(({ table, op, row }) => `leaves ${op} ${table} ${JSON.stringify(row).slice(0, 300)}`)
}

/** What was ordered is what is shown; of texts the spaces around them apart. */
const changedOnTheWay = (sent: unknown, shown: unknown): readonly string[] => {
  const same = (name: string, at = name) => {
    const wanted = fieldOf(sent, name)
    return wanted === undefined || JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(fieldOf(shown, at)))
  }
  const expires = fieldOf(sent, 'expiresAt')
  const description = fieldOf(sent, 'description')
  const told = fieldOf(shown, 'description')
  const texts = typeof description === 'string' ? [description] : Object.values(Object(description))
  const toldTexts = Object.values(Object(told))
  return [
    ...['reference', 'amount', 'currency', 'returnUrl', 'language', 'metadata', 'payer', 'payee'].filter(
      (name) => !same(name),
    ),
    ...(same('attempts', 'allowedAttempts') ? [] : ['attempts']),
    ...(texts.every((text) => toldTexts.includes(String(text).trim())) ? [] : ['description']),
    ...(expires === undefined || parseInstant(String(expires)) === parseInstant(String(fieldOf(shown, 'expiresAt')))
      ? []
      : ['expiresAt']),
  ].map(
    (name) =>
      `${name} is not what was ordered: ${JSON.stringify(fieldOf(sent, name))} is shown as ${JSON.stringify(fieldOf(shown, name))}`,
  )
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    : value
