import { type ApiDocument, resolved, type Schema } from './document.ts'

/** What the document says of a value, and whether the value keeps to it. */

export type Fault = {
  /** The field as the hub names it, `payer.email`; inside of a choice of forms also the place of the choice. */
  readonly at: readonly string[]
  /** Which word of the schema is broken. */
  readonly rule: string
}
export const showFault = ({ at, rule }: Fault): string => `${at[0]} ${rule}`

type Judge = {
  readonly shapes: ApiDocument['shapes']
  /** No field beyond those named, whatever the schema leaves open. */
  readonly closed: boolean
}

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** What every text of a format has at least; a text can have it and still be none, as the 30th of February. */
export const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/i,
  uri: /^\s*[a-z][a-z0-9+.-]*:./is,
  email: /^[^\s@]+@[^\s@]+$/,
  binary: /^/,
}

/** Everything of the document that the value breaks; empty: it fits. */
export const faultsOf = (
  shapes: ApiDocument['shapes'],
  schema: Schema,
  value: unknown,
  { closed = false, at = '' }: { readonly closed?: boolean; readonly at?: string } = {},
): readonly Fault[] => judged({ shapes, closed }, schema, value, at)

const judged = (judge: Judge, unresolved: Schema, value: unknown, at: string): readonly Fault[] => {
  const schema = resolved(judge.shapes, unresolved)
  const { type, anyOf, enum: listed } = schema
  if (anyOf) return choiceFaults(judge, anyOf, value, at)
  const types = type === undefined ? [] : [type].flat()
  const fault = (rule: string): readonly Fault[] => [{ at: [at], rule }]
  if (types.length > 0 && !types.some((name) => KINDS[name]?.(value))) return fault('type')
  if (listed && !listed.includes(value)) return fault('enum')
  if ('const' in schema && schema.const !== undefined && schema.const !== value) return fault('const')
  if (typeof value === 'string') return textRules(schema, value).flatMap(fault)
  if (typeof value === 'number') return numberRules(schema, value).flatMap(fault)
  if (Array.isArray(value)) return listFaults(judge, schema, value, at)
  return typeof value === 'object' && value !== null ? objectFaults(judge, schema, value, at) : []
}

/** Where one form is meant, as its type tells, what is wrong within; also named as a whole. */
const choiceFaults = (judge: Judge, anyOf: readonly Schema[], value: unknown, at: string): readonly Fault[] => {
  const faults = anyOf.map((one) => judged(judge, one, value, at))
  if (faults.some((list) => list.length === 0)) return []
  const meant = faults.filter((list) => !list.some(({ at: [place], rule }) => place === at && rule === 'type'))
  return meant.length === 1
    ? (meant[0] ?? []).map((one) => ({ ...one, at: [...one.at, at] }))
    : [{ at: [at], rule: 'anyOf' }]
}

const broken = (rules: Readonly<Record<string, boolean>>): readonly string[] =>
  Object.entries(rules).flatMap(([rule, breaks]) => (breaks ? [rule] : []))

// JSON Schema counts characters, not the halves that JavaScript writes some of them with.
const textRules = ({ minLength = 0, maxLength = Infinity, pattern, format }: Schema, text: string) =>
  broken({
    minLength: [...text].length < minLength,
    maxLength: [...text].length > maxLength,
    pattern: pattern !== undefined && !new RegExp(pattern, 'u').test(text),
    format: format !== undefined && FORMATS[format]?.test(text) === false,
  })

const numberRules = ({ minimum = -Infinity, maximum = Infinity }: Schema, value: number) =>
  broken({ minimum: value < minimum, maximum: value > maximum })

const listFaults = (
  judge: Judge,
  { minItems = 0, maxItems = Infinity, items }: Schema,
  list: readonly unknown[],
  at: string,
): readonly Fault[] => [
  ...broken({ minItems: list.length < minItems, maxItems: list.length > maxItems }).map((rule) => ({ at: [at], rule })),
  ...(items ? list.flatMap((one, place) => judged(judge, items, one, within(at, String(place)))) : []),
]

const objectFaults = (judge: Judge, schema: Schema, value: object, at: string): readonly Fault[] => {
  const { properties = {}, required = [], additionalProperties: more, propertyNames } = schema
  const { minProperties = 0, maxProperties = Infinity } = schema
  const entries = Object.entries(value)
  const sizes = broken({ minProperties: entries.length < minProperties, maxProperties: entries.length > maxProperties })
  return [
    ...sizes.map((rule) => ({ at: [at], rule })),
    ...required
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => ({ at: [within(at, name)], rule: 'required' })),
    ...entries.flatMap(([name, member]) => {
      const place = within(at, name)
      const named = propertyNames ? judged(judge, propertyNames, name, place) : []
      const own = Object.hasOwn(properties, name) ? properties[name] : typeof more === 'object' ? more : undefined
      if (own) return [...named, ...judged(judge, own, member, place)]
      return more === false || judge.closed ? [{ at: [place], rule: 'additionalProperties' }] : named
    }),
  ]
}

export const within = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`)
