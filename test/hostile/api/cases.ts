import type { Chance } from '../../torture/chance.ts'
import type { Sent } from '../request.ts'
import { type ApiDocument, type ApiOperation, misfit, type Schema } from './document.ts'
import { type Draft, SPOIL } from './spoil.ts'
import { jsonText } from './strange.ts'
import type { ApiWorld } from './world.ts'

/** One request made from the document, with what may become of it. */
export type ApiCase = {
  readonly operation: ApiOperation
  readonly request: Sent
  /** What was done to a request that would have been taken. */
  readonly spoilt: readonly string[]
  /** Why it must not be taken; undefined: whatever is documented may be answered. */
  readonly mustRefuse: string | undefined
  /** The id that the path names. */
  readonly about: string | undefined
  /** The body as a parser reads it. */
  readonly json: unknown
  /** By whose key it came. */
  readonly caller: Draft['caller']
}

/** How many changes one request bears: none in an eighth of them, so that what is taken is looked at too. */
const changesOf = (chance: Chance): number => (chance.happens(0.125) ? 0 : chance.happens(0.8) ? 1 : 2)

export const makeCase = (document: ApiDocument, world: ApiWorld, operation: ApiOperation, chance: Chance): ApiCase => {
  const draft = world.draftOf(operation, chance)
  const spoilt: string[] = []
  for (let left = changesOf(chance); left > 0; left--) {
    const [first, ...others] = SPOIL.filter(({ fits }) => fits(operation))
    if (!first) break
    const spoil = chance.pick(first, ...others)
    spoilt.push(`${spoil.name} ${spoil.change(draft, chance, operation) ?? ''}`.trim())
  }
  const body = bodyOf(draft)
  const json = parsed(body)
  return {
    operation,
    request: {
      method: operation.method,
      target: targetOf(draft, operation),
      headers: draft.headers,
      ...(body === undefined ? {} : { body }),
    },
    spoilt,
    mustRefuse: draft.refused ?? anothersIn(draft) ?? misfitOf(document, draft, operation, body, json),
    about: draft.segments.get('id'),
    json,
    caller: draft.caller,
  }
}

/** What one e-service has is nothing to another, in either direction. */
const anothersIn = ({ caller, owner, segments }: Draft): string | undefined =>
  segments.has('id') && owner !== undefined && caller !== 'nobody' && caller !== owner
    ? `by the key of ${caller} the id of ${owner}`
    : undefined

const bodyOf = ({ json, bytes }: Draft): Uint8Array | undefined =>
  bytes ?? (json === undefined ? undefined : Buffer.from(jsonText(json)))

const parsed = (body: Uint8Array | undefined): unknown => {
  if (body === undefined || body.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

const targetOf = ({ segments, query }: Draft, { path }: ApiOperation): string => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segments.get(name) ?? '')
  const asked = query.map(([name, value]) => `${name}=${value}`).join('&')
  return asked === '' ? filled : `${filled}?${asked}`
}

const misfitOf = (
  { shapes }: ApiDocument,
  draft: Draft,
  { parameters, requestBody }: ApiOperation,
  body: Uint8Array | undefined,
  json: unknown,
): string | undefined => {
  for (const { name, in: place, required, schema } of parameters) {
    const given =
      place === 'path' ? draft.segments.get(name) : place === 'query' ? firstIn(draft.query, name) : undefined
    if (given === undefined) {
      if (required && place !== 'header') return `${name} required`
      continue
    }
    const text = decoded(given)
    const fault = text === undefined ? 'no UTF-8' : misfit(shapes, schema, readAs(schema, text))
    if (fault !== undefined) return `${place} ${name}${fault}`
  }
  const schema = requestBody?.content['application/json']?.schema
  if (!schema) return undefined
  if (body !== undefined && body.length > 0 && json === undefined) return 'body is not JSON'
  return misfit(shapes, schema, json ?? {})
}

const firstIn = (query: Draft['query'], wanted: string): string | undefined =>
  query.find(([name]) => name === wanted)?.[1]

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** A parameter is text; where the document says number it must be written as one. */
const readAs = ({ type }: Schema, text: string): unknown =>
  type === 'integer' && /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : text
