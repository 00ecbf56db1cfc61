import type { Chance } from '../../torture/chance.ts'
import { type ApiDocument, type ApiOperation, bodySchemaOf, resolved, type Schema } from './document.ts'
import { allowedOf } from './values.ts'

/** Everywhere in a body where the document has something to say. */
export type Place = {
  readonly steps: readonly Step[]
  readonly schema: Schema
  /** Where it stands there must be something. */
  readonly required: boolean
}
/** Into a list or an object, which is made where there is none. */
type Step = { readonly name: string; readonly of: 'array' | 'object'; readonly container: Schema }

type Shapes = ApiDocument['shapes']

/** The whole body first, then what is in it. */
export const placesOf = ({ shapes }: ApiDocument, operation: ApiOperation): readonly Place[] => {
  const schema = bodySchemaOf(operation)
  return schema ? placesIn(shapes, { steps: [], schema, required: false }) : []
}

const placesIn = (shapes: Shapes, place: Place): readonly Place[] => {
  const schema = resolved(shapes, place.schema)
  const { properties = {}, required = [], items, additionalProperties: more, anyOf = [] } = schema
  const inside = (name: string, of: Step['of'], inner: Schema): readonly Place[] =>
    placesIn(shapes, {
      steps: [...place.steps, { name, of, container: schema }],
      schema: inner,
      required: required.includes(name),
    })
  return [
    place,
    ...Object.entries(properties).flatMap(([name, inner]) => inside(name, 'object', inner)),
    ...(items ? inside('0', 'array', items) : []),
    // Any name that the document allows will do: two letters are a language too.
    ...(typeof more === 'object' ? inside('lv', 'object', more) : []),
    // The forms of a choice stand in one place; what is in them does not.
    ...anyOf.flatMap((one) => placesIn(shapes, { ...place, schema: one }).slice(1)),
  ]
}

export const nameOf = ({ steps }: Place): string => steps.map(({ name }) => name).join('.')

/** The body with this in that place, or with nothing there for undefined; what lies on the way is made where it is missing. */
export const placed = (
  shapes: Shapes,
  body: unknown,
  [step, ...others]: Place['steps'],
  value: unknown,
  chance: Chance,
): unknown => {
  if (!step) return value
  const { name, of, container } = step
  const there = of === 'array' ? Array.isArray(body) : typeof body === 'object' && body !== null && !Array.isArray(body)
  const around: unknown = there ? body : allowedOf(shapes, container, chance)
  if (Array.isArray(around)) return [placed(shapes, around[0], others, value, chance), ...around.slice(1)]
  const entries = Object.entries(Object(around))
  const at = entries.find(([known]) => known === name)?.[1]
  const made = placed(shapes, at, others, value, chance)
  const left = entries.filter(([known]) => known !== name)
  return Object.fromEntries(made === undefined ? left : [...left, [name, made]])
}
