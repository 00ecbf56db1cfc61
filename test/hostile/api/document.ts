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
  readonly example?: unknown | undefined
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
  readonly propertyNames?: Schema | undefined
  readonly minProperties?: number | undefined
  readonly maxProperties?: number | undefined
}

/** Strict: a word of JSON Schema that nothing is made of and nobody judges by would be a rule that is never tried. */
const SchemaShape: z.ZodType<Schema> = z.lazy(() =>
  z
    .strictObject({
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
      description: z.string(),
      example: z.unknown(),
      minLength: z.number(),
      maxLength: z.number(),
      minimum: z.number(),
      maximum: z.number(),
      minItems: z.number(),
      maxItems: z.number(),
      propertyNames: SchemaShape,
      minProperties: z.number(),
      maxProperties: z.number(),
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

export type ApiParameter = z.infer<typeof Parameter>
export type ApiOperation = z.infer<typeof Operation> & { readonly method: string; readonly path: string }
export type ApiDocument = {
  readonly operations: readonly ApiOperation[]
  readonly shapes: Readonly<Record<string, Schema>>
}

/** Throws when the hub has no such document, one of another kind, or one with a body that is no JSON. */
export const readDocument = async (root: string): Promise<ApiDocument> => {
  const { paths, components } = Document.parse(await (await fetch(`${root}/v1/openapi.json`)).json())
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
  const odd = operations.find(({ requestBody }) => requestBody && !requestBody.content['application/json'])
  if (odd) throw new Error(`say how the body of ${odd.operationId} is made: it is no JSON`)
  return { operations, shapes: components.schemas }
}

export const bodySchemaOf = ({ requestBody }: ApiOperation): Schema | undefined =>
  requestBody?.content['application/json']?.schema

/** The schema that is meant, wherever it stands. */
export const resolved = (shapes: ApiDocument['shapes'], schema: Schema): Schema => {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : resolved(shapes, shapes[name] ?? {})
}
