import { type Html, html, type Part } from '../../platform/html/index.ts'
import { isOwn, type OwnSchema, type Schema, shapeName } from './document.ts'

/** What a value may be, in a few words and with links to the shapes it is made of. */
export const kindOf = (schema: Schema): Part => {
  const name = shapeName(schema)
  if (name !== undefined) return shapeLink(name)
  return isOwn(schema) ? [ownKind(schema), limitsOf(schema)] : undefined
}

export const shapeLink = (name: string): Html => html`<a href="#${shapeId(name)}">${name}</a>`

export const shapeId = (name: string): string => `shape-${name}`

const ownKind = (schema: OwnSchema): Part => {
  const { enum: values, items, anyOf, additionalProperties } = schema
  if (values) return joined(values.map(codeOf), ' | ')
  if (anyOf) return joined(anyOf.map(kindOf), ' or ')
  if (items) return html`list of ${kindOf(items)}`
  if (typeof additionalProperties === 'object') return html`object of ${kindOf(additionalProperties)} by name`
  const types = [schema.type ?? 'any'].flat().map((type) => (type === 'string' ? textKind(schema) : type))
  return types.join(' or ')
}

const FORMATS: Readonly<Record<string, string>> = { 'date-time': 'time', uri: 'address', email: 'e-mail address' }

const textKind = ({ format = '' }: OwnSchema): string => FORMATS[format] ?? 'text'

const codeOf = (value: unknown): Part => html`<code>${String(value)}</code>`

const joined = (parts: readonly Part[], between: string): Part =>
  parts.map((part, place) => (place === 0 ? part : [between, part]))

/** Each limit that the schema states, each after a comma. */
const limitsOf = (schema: OwnSchema): Part => {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, pattern, default: usual } = schema
  const limits: readonly Part[] = [
    // A time and an address are as long as they are.
    schema.format === undefined && rangeOf(minLength, maxLength, 'characters'),
    rangeOf(minItems, maxItems, 'of them'),
    rangeOf(minimum, maximum, ''),
    pattern !== undefined && html`<code>${pattern}</code>`,
    usual !== undefined && html`default ${codeOf(usual)}`,
  ]
  return limits.filter((limit) => limit !== undefined && limit !== false).map((limit) => [', ', limit])
}

/** Every safe integer is no limit that a reader must know. */
const rangeOf = (least: unknown, most: unknown, unit: string): string | undefined => {
  const from = typeof least === 'number' && least > Number.MIN_SAFE_INTEGER ? least : undefined
  const to = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined
  if (from === undefined && to === undefined) return undefined
  const range = to === undefined ? `at least ${from}` : from === undefined ? `at most ${to}` : `${from} to ${to}`
  return `${range} ${unit}`.trimEnd()
}
