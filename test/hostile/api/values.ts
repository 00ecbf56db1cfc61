import type { Chance } from '../../torture/chance.ts'
import { type ApiDocument, resolved, type Schema } from './document.ts'
import { faultsOf } from './fits.ts'
import { jsonText, raw, readBack } from './strange.ts'
import { textsOf } from './texts.ts'

/** JSON values as a schema wants them, at its limits, and beyond. */

type Shapes = ApiDocument['shapes']

export const pickOf = <Value>(chance: Chance, values: readonly Value[]): Value | undefined =>
  values[chance.between(0, values.length - 1)]

/** Optional fields that are given. */
const GIVEN = 0.3

/** Something the document allows. Throws where it cannot make any. */
export const allowedOf = (shapes: Shapes, unresolved: Schema, chance: Chance): unknown => {
  const schema = resolved(shapes, unresolved)
  const { anyOf, enum: listed, const: only } = schema
  if (anyOf) return allowedOf(shapes, pickOf(chance, anyOf) ?? {}, chance)
  if (listed) return pickOf(chance, listed)
  if (only !== undefined) return only
  switch (pickOf(chance, [schema.type ?? []].flat())) {
    case 'string':
      return pickOf(chance, textsOf(schema).right)
    case 'integer':
      return integerOf(schema, chance)
    case 'boolean':
      return chance.happens(0.5)
    case 'null':
      return null
    case 'array':
      return listOf(shapes, schema, sizeIn(schema.minItems, schema.maxItems, chance), chance)
    case 'object':
      return objectOf(shapes, schema, chance, () => chance.happens(GIVEN))
    default:
      throw new Error(`say how a value is made that fits ${JSON.stringify(schema)}`)
  }
}

/** A few more than there must be. */
const sizeIn = (least = 0, most = Infinity, chance: Chance): number =>
  Math.min(Math.max(1, least) + chance.between(0, 2), most)

const integerOf = ({ minimum = -1_000, maximum = 1_000 }: Schema, chance: Chance): number =>
  chance.happens(0.5) ? chance.between(minimum, maximum) : Math.min(minimum + chance.between(0, 1_000), maximum)

const listOf = (shapes: Shapes, { items = {} }: Schema, length: number, chance: Chance): readonly unknown[] =>
  Array.from({ length }, () => allowedOf(shapes, items, chance))

const objectOf = (shapes: Shapes, schema: Schema, chance: Chance, gives: (name: string) => boolean): unknown => {
  const { properties = {}, required = [], additionalProperties: more } = schema
  const own = Object.entries(properties).filter(([name]) => required.includes(name) || gives(name))
  return {
    ...Object.fromEntries(own.map(([name, member]) => [name, allowedOf(shapes, member, chance)])),
    ...(typeof more === 'object'
      ? mapOf(schema, sizeIn(schema.minProperties, schema.maxProperties, chance), () =>
          allowedOf(shapes, memberOf(schema), chance),
        )
      : {}),
  }
}

const MAP_NAMES = ['a', 'B', '0', ...Array.from({ length: 100 }, (_, n) => `n${n}`)]
/** Different names as the document allows them. */
const namesOf = ({ propertyNames }: Schema): readonly string[] => {
  if (!propertyNames) return MAP_NAMES
  const named = { type: 'string', ...propertyNames }
  const { edges, right } = textsOf(named)
  const all = [...edges, ...right, ...MAP_NAMES].filter((name) => faultsOf({}, named, name).length === 0)
  return [...new Set(all)].filter((name) => name !== '__proto__')
}

const mapOf = (schema: Schema, size: number, member: () => unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    namesOf(schema)
      .slice(0, size)
      .map((name) => [name, member()]),
  )

const memberOf = ({ additionalProperties: more }: Schema): Schema => (typeof more === 'object' ? more : {})

/** Everything at its limits that the document still allows. */
export const edgesOf = (shapes: Shapes, schema: Schema, chance: Chance): readonly unknown[] =>
  outermost(shapes, schema, chance).filter((value) => faultsOf(shapes, schema, readBack(value)).length === 0)

const outermost = (shapes: Shapes, unresolved: Schema, chance: Chance): readonly unknown[] => {
  const schema = resolved(shapes, unresolved)
  const { anyOf, enum: listed, minimum = 0, maximum = 0, minItems = 0, maxItems } = schema
  const list = (length: number) => listOf(shapes, schema, length, chance)
  if (anyOf) return anyOf.flatMap((one) => outermost(shapes, one, chance))
  if (listed) return listed
  switch ([schema.type ?? []].flat()[0]) {
    case 'string':
      return textsOf(schema).edges
    case 'integer':
      return [minimum, maximum, raw(`${minimum}.0`), raw(`${minimum}e0`), raw('10e1')]
    case 'array':
      return [list(minItems), list(1), list(maxItems ?? 1)]
    case 'object':
      return [
        objectOf(shapes, schema, chance, () => false),
        objectOf(shapes, schema, chance, () => true),
        ...mapsOf(shapes, schema, 0, chance),
      ]
    default:
      return [allowedOf(shapes, schema, chance)]
  }
}

/** Maps of exactly the fewest and most entries, or beyond them; each entry small, lest the map as a whole be too large. */
const mapsOf = (shapes: Shapes, schema: Schema, beyond: number, chance: Chance): readonly unknown[] => {
  if (typeof schema.additionalProperties !== 'object') return []
  const { minProperties = 0, maxProperties = 1 } = schema
  const sizes = [minProperties - beyond, maxProperties + beyond].filter((size) => size >= 0)
  const [small] = [...edgesOf(shapes, memberOf(schema), chance)].sort((a, b) => jsonText(a).length - jsonText(b).length)
  return sizes.map((size) => mapOf(schema, size, () => small))
}

/** One of each kind of JSON, numbers that are none, and numbers that no program holds. */
const KINDS = [null, true, 7, -1, 0, 1.5, '7', '', [], {}, [[]], raw('1e309'), raw('-1e-400'), raw('9007199254740993')]

/** Everything next to what the document allows that it forbids. */
export const brokenOf = (shapes: Shapes, schema: Schema, chance: Chance): readonly unknown[] =>
  [...KINDS, ...beyond(shapes, schema, chance)].filter((value) => faultsOf(shapes, schema, readBack(value)).length > 0)

const beyond = (shapes: Shapes, unresolved: Schema, chance: Chance): readonly unknown[] => {
  const schema = resolved(shapes, unresolved)
  const { anyOf, enum: listed, minimum = 0, maximum = 0, minItems = 0, maxItems = 0, propertyNames } = schema
  if (anyOf) return anyOf.flatMap((one) => beyond(shapes, one, chance))
  if (listed) return listed.flatMap((value) => [`${value} `, String(value).toUpperCase(), `x${value}`])
  switch ([schema.type ?? []].flat()[0]) {
    case 'string':
      return textsOf(schema).wrong
    case 'integer':
      return [minimum - 1, maximum + 1, minimum + 0.5, `${minimum}`, [minimum]]
    case 'array':
      return [...(minItems > 0 ? [[]] : []), listOf(shapes, schema, maxItems + 1, chance)]
    case 'object': {
      const one = allowedOf(shapes, schema, chance)
      const inner = Object.values(Object(one))[0] ?? 'a'
      const names = propertyNames ? textsOf({ type: 'string', ...propertyNames }).wrong : ['x', 'constructor', '']
      return [...mapsOf(shapes, schema, 1, chance), ...names.map((name) => ({ ...Object(one), [name]: inner }))]
    }
    default:
      return []
  }
}
