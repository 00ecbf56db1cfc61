import type { OpenAPIHono } from '@hono/zod-openapi'

/** The API's document as the page reads it: resolved where it points at itself, in the order in which it is written. */

export type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>
type Components = NonNullable<Document['components']>
export type Schema = NonNullable<Components['schemas']>[string]
/** A schema that is written where it stands, not elsewhere by name. */
export type OwnSchema = Exclude<Schema, { $ref: string }>

export type Field = {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  /** Where a parameter travels. */
  readonly place?: string
}

export type Answer = {
  readonly status: string
  readonly description: string
  /** Absent for problems, which all have one shape. */
  readonly schema?: Schema
}

export type Call = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly Field[]
  readonly body?: Schema
  readonly answers: readonly Answer[]
}

/** What makes a thing stands before what tells of it. */
const METHODS = ['post', 'get', 'put', 'patch', 'delete'] as const

export const callsOf = ({ paths = {} }: Document): readonly Call[] =>
  Object.entries(paths).flatMap(([path, item]) => operationsOf(path, item))

/** What the hub calls at the e-service, whose own address it is. */
export const noticesOf = ({ webhooks = {} }: Document): readonly Call[] =>
  Object.values(webhooks).flatMap((item) => operationsOf('your address', item))

const operationsOf = (path: string, item: PathItem): readonly Call[] =>
  METHODS.flatMap((method) => {
    const operation = item[method]
    return operation ? [callOf(method, path, operation)] : []
  })

type PathItem = NonNullable<Document['paths']>[string]
type Operation = NonNullable<PathItem['get']>

const callOf = (method: string, path: string, operation: Operation): Call => {
  const { operationId = path, summary = '', description, parameters = [], requestBody, responses = {} } = operation
  const body = requestBody && 'content' in requestBody ? requestBody.content['application/json']?.schema : undefined
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parameters.flatMap((one) =>
      '$ref' in one || !one.schema
        ? []
        : [{ name: one.name, schema: one.schema, required: one.required ?? false, place: one.in }],
    ),
    ...(body ? { body } : {}),
    answers: Object.entries(responses).map(([status, { description: means = '', content = {} }]) => {
      const schema = content['application/json']?.schema
      return { status, description: means, ...(schema ? { schema } : {}) }
    }),
  }
}

export const fieldsOf = ({ properties = {}, required = [] }: OwnSchema): readonly Field[] =>
  Object.entries(properties).map(([name, schema]) => ({ name, schema, required: required.includes(name) }))

/** Name of the shape that a schema points at. */
export const shapeName = (schema: Schema): string | undefined =>
  '$ref' in schema && schema.$ref ? schema.$ref.split('/').at(-1) : undefined

export const shapesOf = ({ components }: Document): readonly (readonly [name: string, schema: OwnSchema])[] =>
  Object.entries(components?.schemas ?? {}).flatMap(([name, schema]) =>
    isOwn(schema) ? [[name, schema] as const] : [],
  )

export const isOwn = (schema: Schema): schema is OwnSchema => !('$ref' in schema)
