import type { Chance } from '../../torture/chance.ts'
import type { Sent } from '../request.ts'
import { type ApiDocument, type ApiOperation, bodySchemaOf } from './document.ts'
import type { Draft } from './draft.ts'
import { type Fault, faultsOf, showFault } from './fits.ts'
import { parameterFaults } from './parameters.ts'
import { SPOIL } from './spoil.ts'
import { jsonText } from './strange.ts'
import type { Probe } from './sweep.ts'
import { pickOf } from './values.ts'
import type { ApiWorld } from './world.ts'

/** One request made from the document, with what may become of it. */
export type ApiCase = {
  readonly operation: ApiOperation
  readonly request: Sent
  /** What was done to a request that would have been taken. */
  readonly spoilt: readonly string[]
  /** Why it must not be taken; undefined: whatever is documented may be answered. */
  readonly mustRefuse: string | undefined
  /** Fields that the document forbids as they are, where nothing else is wrong: the answer must name one of them, and no field beside them. */
  readonly wrong: readonly Fault[] | undefined
  /** The id that the path names. */
  readonly about: string | undefined
  /** The body as a parser reads it. */
  readonly json: unknown
  /** By whose key it came. */
  readonly caller: Draft['caller']
}

/** How many changes one request bears: none in an eighth of them, so that what is taken is looked at too. */
const changesOf = (chance: Chance): number => (chance.happens(0.125) ? 0 : chance.happens(0.8) ? 1 : 2)

export const makeCase = (
  document: ApiDocument,
  world: ApiWorld,
  operation: ApiOperation,
  chance: Chance,
  probe?: Probe,
): ApiCase => {
  const draft = world.draftOf(document, operation, chance)
  const spoilt = probe ? [probe.name] : spoil(document, draft, operation, chance)
  probe?.change(draft, chance)
  const body = bodyOf(draft)
  const json = parsed(body)
  const before = anothersIn(draft) ?? beforeFields(document, draft, operation, body, json)
  const wrong = fieldFaults(document, draft, operation, json)
  const reached = before === undefined && !(draft.segments.size > 0 && draft.owner === undefined)
  return {
    operation,
    request: {
      method: operation.method,
      target: targetOf(draft, operation),
      headers: draft.headers,
      ...(body === undefined ? {} : { body }),
    },
    spoilt,
    mustRefuse: before ?? wrong.map(showFault)[0],
    wrong: reached ? wrong : undefined,
    about: draft.segments.get('id'),
    json,
    caller: draft.caller,
  }
}

const spoil = (document: ApiDocument, draft: Draft, operation: ApiOperation, chance: Chance): readonly string[] => {
  const ways = SPOIL.filter(({ fits }) => fits(operation))
  return Array.from({ length: changesOf(chance) }, () => {
    const way = pickOf(chance, ways)
    return `${way?.name} ${way?.change(draft, chance, operation, document) ?? ''}`.trim()
  })
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

/** What stands in the way before any field is looked at. */
const beforeFields = (
  { shapes }: ApiDocument,
  draft: Draft,
  { parameters, requestBody }: ApiOperation,
  body: Uint8Array | undefined,
  json: unknown,
): string | undefined => {
  if (draft.refused !== undefined) return draft.refused
  for (const parameter of parameters) {
    const { name, in: place, required } = parameter
    if (place === 'query') {
      if (decoded(firstIn(draft.query, name) ?? '') === undefined) return `${name} is no UTF-8`
      continue
    }
    const text = place === 'path' ? decoded(draft.segments.get(name) ?? '') : headerIn(draft.headers, name)
    if (text === undefined && required) return `${name} required`
    const [fault] = text === undefined ? [] : parameterFaults(shapes, parameter, text)
    if (fault) return `${place} ${showFault(fault)}`
  }
  return requestBody && body !== undefined && body.length > 0 && json === undefined ? 'body is not JSON' : undefined
}

const fieldFaults = (
  { shapes }: ApiDocument,
  draft: Draft,
  operation: ApiOperation,
  json: unknown,
): readonly Fault[] => {
  const inQuery = operation.parameters
    .filter(({ in: place }) => place === 'query')
    .flatMap((parameter): readonly Fault[] => {
      const { name, required } = parameter
      const given = firstIn(draft.query, name)
      if (given === undefined) return required ? [{ at: [name], rule: 'required' }] : []
      return parameterFaults(shapes, parameter, decoded(given) ?? '')
    })
  const schema = bodySchemaOf(operation)
  return [...inQuery, ...(schema ? faultsOf(shapes, schema, json === undefined ? {} : json) : [])]
}

/** As Node hands it over where it is sent more than once. */
const headerIn = (headers: Draft['headers'], wanted: string): string | undefined => {
  const values = headers.filter(([name]) => name === wanted).map(([, value]) => value)
  return values.length > 0 ? values.join(', ') : undefined
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
