import { z } from 'zod'

/** What the hub says of itself in `/v1/openapi.json`: all that the cases are made from. */

export type Schema = {
  readonly $ref?: string | undefined
  readonly type?: string | readonly string[] | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: boolean | Schema | undefined
  readonly items?: Schema | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown | undefined
  readonly pattern?: string | undefined
  readonly format?: string | undefined
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
}

const SchemaShape: z.ZodType<Schema> = z.lazy(() =>
  z
    .object({
      $ref: z.string(),
      type: z.union([z.string(), z.array(z.string())]),
      properties: z.record(z.string(), SchemaShape),
      required: z.array(z.string()),
      additionalProperties: z.union([z.boolean(), SchemaShape]),
      items: SchemaShape,
      anyOf: z.array(SchemaShape),
      enum: z.array(z.unknown()),
      const: z.unknown(),
      pattern: z.string(),
      format: z.string(),
      minLength: z.number(),
      maxLength: z.number(),
      minimum: z.number(),
      maximum: z.number(),
      minItems: z.number(),
      maxItems: z.number(),
    })
    .partial(),
)
const Content = z.record(z.string(), z.object({ schema: SchemaShape }))
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  schema: SchemaShape,
})
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.default({}) })),
})
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), SchemaShape) }),
})

export type ApiOperation = z.infer<typeof Operation> & { readonly method: string; readonly path: string }
export type ApiDocument = {
  readonly operations: readonly ApiOperation[]
  readonly shapes: Readonly<Record<string, Schema>>
}

/** Throws when the hub has no such document, or one of another kind. */
export const readDocument = async (root: string): Promise<ApiDocument> => {
  const { paths, components } = Document.parse(await (await fetch(`${root}/v1/openapi.json`)).json())
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
  return { operations, shapes: components.schemas }
}

/** The schema that is meant, wherever it stands. */
export const resolved = (shapes: ApiDocument['shapes'], schema: Schema): Schema => {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : resolved(shapes, shapes[name] ?? {})
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

/** What of this part of JSON Schema the value breaks, first found; undefined: it fits. Formats are not judged. `closed`: no field beyond those named. */
export const misfit = (
  shapes: ApiDocument['shapes'],
  unresolved: Schema,
  value: unknown,
  closed = false,
  at = '',
): string | undefined => {
  const schema = resolved(shapes, unresolved)
  const { type, anyOf, enum: listed } = schema
  if (anyOf) {
    const faults = anyOf.map((one) => misfit(shapes, one, value, closed, at))
    return faults.includes(undefined) ? undefined : faults[0]
  }
  const types = type === undefined ? [] : [type].flat()
  if (types.length > 0 && !types.some((name) => KINDS[name]?.(value))) return `${at} type`
  if (listed && !listed.includes(value)) return `${at} enum`
  if ('const' in schema && schema.const !== undefined && schema.const !== value) return `${at} const`
  if (typeof value === 'string') return misfitText(schema, value, at)
  if (typeof value === 'number') return misfitNumber(schema, value, at)
  if (Array.isArray(value)) return misfitList(shapes, schema, value, closed, at)
  return typeof value === 'object' && value !== null ? misfitObject(shapes, schema, value, closed, at) : undefined
}

const misfitText = ({ minLength, maxLength, pattern }: Schema, text: string, at: string): string | undefined => {
  // JSON Schema counts characters, not the halves that JavaScript writes some of them with.
  const length = [...text].length
  if (minLength !== undefined && length < minLength) return `${at} minLength`
  if (maxLength !== undefined && length > maxLength) return `${at} maxLength`
  return pattern !== undefined && !new RegExp(pattern, 'u').test(text) ? `${at} pattern` : undefined
}

const misfitNumber = ({ minimum, maximum }: Schema, value: number, at: string): string | undefined => {
  if (minimum !== undefined && value < minimum) return `${at} minimum`
  return maximum !== undefined && value > maximum ? `${at} maximum` : undefined
}

const misfitList = (
  shapes: ApiDocument['shapes'],
  { minItems, maxItems, items }: Schema,
  list: readonly unknown[],
  closed: boolean,
  at: string,
): string | undefined => {
  if (minItems !== undefined && list.length < minItems) return `${at} minItems`
  if (maxItems !== undefined && list.length > maxItems) return `${at} maxItems`
  return items && firstOf(list.map((one, place) => misfit(shapes, items, one, closed, `${at}/${place}`)))
}

const misfitObject = (
  shapes: ApiDocument['shapes'],
  { properties = {}, required = [], additionalProperties: more }: Schema,
  value: object,
  closed: boolean,
  at: string,
): string | undefined => {
  const missing = required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return `${at}/${missing} required`
  return firstOf(
    Object.entries(value).map(([name, member]) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined
      if (own) return misfit(shapes, own, member, closed, `${at}/${name}`)
      if (typeof more === 'object') return misfit(shapes, more, member, closed, `${at}/${name}`)
      return more === false || closed ? `${at}/${name} additionalProperties` : undefined
    }),
  )
}

const firstOf = (faults: readonly (string | undefined)[]): string | undefined =>
  faults.find((fault) => fault !== undefined)
