import type { Context } from 'hono'
import type { z } from 'zod'
import type { Instant } from '../kernel/time.ts'
import type { Caller } from '../merchants/index.ts'
import type { Tx } from '../platform/db/db.ts'
import { fieldMessage } from '../platform/http/field-message.ts'
import { invalidFields, type Problem, problemBody, problemResponse } from '../platform/http/problem.ts'
import { bodyHash } from './commands.ts'
import type { Hub } from './hub.ts'
import { claimKey, confirmAnswer, type KeyScope, keepAnswer, type StoredAnswer } from './store/index.ts'

/** What every request of an e-service goes through: who calls, how often, with what body, under which key. */

/** Orders are a few kB; more is a mistake. */
export const MAX_BODY_BYTES = 64 * 1024
const MAX_KEY_LENGTH = 255

export type Answered = { readonly status: 200 | 201 | 202; readonly body: unknown } | { readonly problem: Problem }

export const respond = (answered: Answered): Response =>
  'problem' in answered
    ? problemResponse(answered.problem)
    : Response.json(answered.body, { status: answered.status, headers: { 'cache-control': 'no-store' } })

const UNAUTHORISED: Problem = {
  status: 401,
  code: 'unauthorised',
  title: 'Who calls is not known',
  detail: 'Send the header "Authorization: Bearer" with an API key of the e-service.',
  headers: { 'www-authenticate': 'Bearer' },
}

const UNKNOWN_KEY =
  'This hub knows no such API key, or it was revoked. Check that it is whole and of this hub, or ask its operators for a new one.'

export const callerOf = async (hub: Hub, c: Context): Promise<Caller | Problem> => {
  const key = /^Bearer ([\w-]{10,200})$/i.exec(c.req.header('authorization') ?? '')?.[1]
  const caller = key && (await hub.merchants.caller(key))
  if (!caller) return key ? { ...UNAUTHORISED, detail: UNKNOWN_KEY } : UNAUTHORISED
  if (caller.mode === hub.mode) return caller
  const detail = `This hub runs in ${hub.mode} mode and the key is a ${caller.mode} key: use the other hub or the other key.`
  return { ...UNAUTHORISED, code: 'wrong_mode', detail }
}

/** The body as JSON and as it came. Problems: too large, not JSON, malformed. */
const readBody = async (c: Context): Promise<{ readonly text: string; readonly json: unknown } | Problem> => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length > MAX_BODY_BYTES) {
    return {
      status: 413,
      code: 'too_large',
      title: 'The body is too large',
      detail: `At most ${MAX_BODY_BYTES} bytes are taken.`,
    }
  }
  const text = utf8Of(bytes)
  if (text === undefined) return NOT_UTF8
  // Many clients name the type of a body that they do not send.
  if (text === '') return { text, json: {} }
  if (type !== 'application/json') {
    return {
      status: 415,
      code: 'not_json',
      title: 'The body is not JSON',
      detail: 'Send Content-Type: application/json.',
    }
  }
  return readJson(text)
}

/** Problems: malformed, or holding what cannot be stored. */
export const readJson = (text: string): { readonly text: string; readonly json: unknown } | Problem => {
  try {
    const json: unknown = JSON.parse(text)
    const path = SUSPECT.test(text) ? unstorableIn(json) : undefined
    return path ? invalidFields([{ path, message: UNSTORABLE }]) : { text, json }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be parsed'
    return { status: 400, code: 'malformed_json', title: 'The body is not well-formed JSON', detail: why }
  }
}

const NOT_UTF8: Problem = {
  status: 400,
  code: 'malformed_json',
  title: 'The body is not well-formed JSON',
  detail: 'Its bytes are not UTF-8.',
}
export const utf8Of = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Only an escape can bring what no text of PostgreSQL holds: U+0000, or half a surrogate pair. A name that objects have of their own would be lost. */
const SUSPECT = /\\u(0000|005f|d[89a-f])|__proto__/i
const UNSTORABLE = 'must hold neither U+0000 nor half of a surrogate pair, and no field named __proto__'
const isUnstorable = (text: string): boolean => text.includes('\0') || /\p{Surrogate}/u.test(text)

/** Where a text stands that cannot be stored. The body's size bounds how deep this goes. */
const unstorableIn = (json: unknown): readonly string[] | undefined => {
  if (typeof json === 'string') return isUnstorable(json) ? [] : undefined
  if (typeof json !== 'object' || json === null) return undefined
  for (const [name, value] of Object.entries(json)) {
    if (isUnstorable(name) || name === '__proto__') return []
    const inside = unstorableIn(value)
    if (inside) return [name, ...inside]
  }
  return undefined
}

const NO_KEY: Problem = {
  status: 400,
  code: 'idempotency_key_missing',
  title: 'Idempotency-Key is missing',
  detail:
    'Send an Idempotency-Key of 1 to 255 visible characters, new for each new order and the same when you repeat one.',
}
const RUNNING: Problem = {
  status: 409,
  code: 'request_in_progress',
  title: 'An equal request is running',
  detail: 'The first request with this Idempotency-Key is not finished. Repeat it a little later to get its answer.',
  headers: { 'retry-after': '1' },
}
const REUSED: Problem = {
  status: 422,
  code: 'idempotency_key_reused',
  title: 'This Idempotency-Key belongs to another request',
  detail: 'The key was used with a different body. Use a new key for a new request.',
}

const unkept = (status: number): boolean => status === 409 || status === 429 || status >= 500

/**
 * Runs a POST once per Idempotency-Key: its work, and its answer under the key, are one transaction. The same key and body give the
 * stored answer; 409, 429 and 5xx are not kept.
 */
export const once = async <Body>(
  hub: Hub,
  c: Context,
  caller: Caller,
  schema: z.ZodType<Body>,
  work: (tx: Tx, body: Body, now: Instant) => Promise<Answered>,
): Promise<Response> => {
  const read = await readBody(c)
  if ('status' in read) return problemResponse(read)
  const key = c.req.header('idempotency-key') ?? ''
  if (key === '' || key.length > MAX_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(key)) return problemResponse(NO_KEY)
  const { eService } = caller
  const scope: KeyScope = [eService.merchant, eService.id, `${c.req.method} ${c.req.path}`, key]
  const hash = bodyHash([read.text])
  return hub.db.tx(async (tx) => {
    const claimed = await claimKey(tx, scope)
    if (claimed === 'running') return problemResponse(RUNNING)
    if (claimed !== 'mine') {
      await confirmAnswer(tx)
      return again(claimed, hash)
    }
    const now = hub.clock.now()
    const parsed = schema.safeParse(read.json, { error: fieldMessage })
    const answered = parsed.success ? await work(tx, parsed.data, now) : { problem: invalidFields(parsed.error.issues) }
    const status = 'problem' in answered ? answered.problem.status : answered.status
    const answer = 'problem' in answered ? problemBody(answered.problem) : answered.body
    // The claim looks before it locks: an equal request may have ended in between, and then what stands in the way is its own effect.
    const given = status === 409 ? await claimKey(tx, scope) : 'mine'
    if (typeof given === 'object') {
      await confirmAnswer(tx)
      return again(given, hash)
    }
    if (!unkept(status)) await keepAnswer(tx, scope, { bodyHash: hash, status, answer }, now)
    return respond(answered)
  })
}

const again = (given: StoredAnswer, hash: string): Response =>
  given.bodyHash === hash ? stored(given.status, given.answer) : problemResponse(REUSED)

const stored = (status: number, answer: unknown): Response =>
  Response.json(answer, {
    status,
    headers: {
      'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
      'cache-control': 'no-store',
      'idempotent-replayed': 'true',
    },
  })
