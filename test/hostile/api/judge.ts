import { parseInstant } from '../../../src/kernel/time.ts'
import { PROBLEM_CODES } from '../../../src/payments/problem-codes.ts'
import { fieldOf, type Written } from '../ledger.ts'
import type { Got } from '../request.ts'
import type { ApiCase } from './cases.ts'
import { type ApiDocument, misfit } from './document.ts'
import { MARKS } from './world.ts'

/** What a request may leave behind, whatever becomes of it: when its key was used. */
const ALWAYS = ['merchants.api_key']
/** Refusals that are kept under their Idempotency-Key; not those of a stranger, nor what may be otherwise the next time. */
const KEPT_REFUSALS = [400, 404, 422]

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
    ...leftovers(one, status, body, written),
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

const leftovers = (one: ApiCase, status: number, body: unknown, written: readonly Written[]): readonly string[] => {
  const { operation, caller } = one
  const lawful = [...ALWAYS, ...(operation.path.startsWith('/v1/events') ? PLACING : [])]
  const posted = operation.method === 'POST' && caller !== 'nobody'
  // Numbers are set aside before anything is looked at.
  if (posted) lawful.push('payments.number_block')
  if (posted && (status < 400 || KEPT_REFUSALS.includes(status))) lawful.push('payments.idempotency')
  const about = status < 400 && posted ? String(one.about ?? fieldOf(body, 'id')) : undefined
  return written
    .filter((row) => !lawful.includes(row.table) && (about === undefined || !isAbout(row, about)))
    .map(({ table, op, row }) => `leaves ${op} ${table} ${JSON.stringify(row).slice(0, 300)}`)
}

/** Whether a row is of this payment, or of this event that is to be told again. */
const isAbout = ({ table, row }: Written, id: string): boolean => {
  const named = [row.payment, row.subject, row.event, table === 'payments.payment' ? row.id : undefined]
  return named.includes(id) || (table === 'platform.job' && String(row.key).split('/').includes(id))
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
