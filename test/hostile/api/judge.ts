import { parseInstant } from '../../../src/kernel/time.ts'
import { PROBLEM_CODES } from '../../../src/payments/problem-codes.ts'
import { MAX_BODY_BYTES } from '../../../src/payments/requests.ts'
import { fieldOf, type Written } from '../ledger.ts'
import type { Got } from '../request.ts'
import type { ApiCase } from './cases.ts'
import { type ApiDocument, bodySchemaOf, resolved, type Schema } from './document.ts'
import { faultsOf, showFault } from './fits.ts'
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
    ...(refused ? misnamed(one, got, body) : []),
    ...leaks(one, got),
    ...leftovers(one, status, body, written),
    ...(status === 201 ? changedOnTheWay(document, one, body) : []),
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
  const [fault] = type.includes('json') ? faultsOf(shapes, schema, body, { closed: true }) : []
  return fault ? [`the answer is not as documented: ${showFault(fault)} in ${got.body.toString().slice(0, 500)}`] : []
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

/** Rules that JSON Schema has no word for, as the hub tells of them; a field that breaks none of them and is refused would surprise an integrator. */
const REFINED: readonly RegExp[] = [
  /neither U\+0000 nor half of a surrogate pair/,
  /^must be at most \d+ bytes of JSON$/,
  /^must be an ISO 11649 or 7-3-1 creditor reference/,
  /^This is not a cursor of ours/,
  // Of a right form, and no moment or address all the same: the 30th of February, a port of six digits.
  /^must be an RFC 3339 time/,
  /^must be a whole address/,
  /^must be an e-mail address/,
]

/** Fields are refused where the document forbids them or such a rule does, each by its name; and those that it forbids are named. */
const misnamed = ({ wrong, request }: ApiCase, { status, body: text }: Got, body: unknown): readonly string[] => {
  if (wrong === undefined || status === 429) return []
  const code = fieldOf(body, 'code')
  if (code !== 'invalid_fields') {
    const other = wrong.length === 0 || OTHERWISE.includes(String(code)) || tooLarge(request, status)
    return other ? [] : [`refused for something else than ${wrong.map(showFault)[0]}: ${text}`]
  }
  const errors = fieldOf(body, 'errors')
  const named = Array.isArray(errors)
    ? errors.map((error) => ({ path: String(fieldOf(error, 'path')), message: String(fieldOf(error, 'message')) }))
    : []
  const refined = ({ message }: { readonly message: string }) => REFINED.some((rule) => rule.test(message))
  const forbidden = ({ path }: { readonly path: string }) => wrong.some(({ at }) => at.includes(path))
  const odd = named.filter((error) => !refined(error) && !forbidden(error))
  return [
    ...odd.map(({ path, message }) => `fits the document and is refused: ${path} ${message}`),
    ...(named.some(forbidden) || named.some(refined) || odd.length > 0
      ? []
      : [`does not name ${wrong.map(showFault)[0]}: ${text}`]),
  ]
}

/** An Idempotency-Key stands before what the body says. */
const OTHERWISE = ['idempotency_key_reused', 'not_json']
const tooLarge = ({ body }: ApiCase['request'], status: number): boolean =>
  status === 413 && (body?.length ?? 0) > MAX_BODY_BYTES

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

/** Taken with an order, and not shown again by the same name. */
const UNSHOWN = ['channel', 'channels', 'paymentReference']
const SHOWN_AS: Readonly<Record<string, string>> = { attempts: 'allowedAttempts' }

/** What was asked for is what is shown, in every field that the document has; of texts the spaces around them apart. */
const changedOnTheWay = (
  { shapes }: ApiDocument,
  { operation, json: sent }: ApiCase,
  shown: unknown,
): readonly string[] => {
  const { properties = {} } = resolved(shapes, bodySchemaOf(operation) ?? {})
  return Object.entries(properties)
    .filter(([name]) => fieldOf(sent, name) !== undefined && !UNSHOWN.includes(name))
    .map(([name, schema]) => [name, schema, fieldOf(sent, name), fieldOf(shown, SHOWN_AS[name] ?? name)] as const)
    .filter(([name, schema, wanted, told]) => !isShown(name, schema, wanted, told))
    .map(
      ([name, , wanted, told]) =>
        `${name} is not what was asked for: ${JSON.stringify(wanted)} is shown as ${JSON.stringify(told)}`,
    )
}

const isShown = (name: string, { format }: Schema, wanted: unknown, told: unknown): boolean => {
  if (format === 'date-time') return parseInstant(String(wanted)) === parseInstant(String(told))
  if (name === 'reason') return String(wanted).trim() === told
  if (name !== 'description') return JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(told))
  const texts = typeof wanted === 'string' ? [wanted] : Object.values(Object(wanted))
  return texts.every((text) => Object.values(Object(told)).includes(String(text).trim()))
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    : value
