import { gzipSync } from 'node:zlib'
import type { Chance } from '../../torture/chance.ts'
import { type ApiDocument, type ApiOperation, bodySchemaOf, resolved, type Schema } from './document.ts'
import { type Draft, type Spoil, withHeader } from './draft.ts'
import { nameOf, type Place, placed, placesOf } from './places.ts'
import { jsonText, strangeText, strangeValue } from './strange.ts'
import { allowedOf, brokenOf, edgesOf, pickOf } from './values.ts'

/** What becomes of bodies: in every place that the document names, and to the bytes as a whole. */

const hasBody = (operation: ApiOperation) => bodySchemaOf(operation) !== undefined
const isPost = ({ method }: ApiOperation) => method === 'POST'

/** Something else in one place; which place, or nothing where there is none. */
const inSomePlace =
  (
    wanted: (schema: Schema) => boolean,
    other: (shapes: ApiDocument['shapes'], place: Place, chance: Chance, draft: Draft) => unknown,
  ): Spoil['change'] =>
  (draft, chance, operation, document) => {
    const { shapes } = document
    const places = placesOf(document, operation).filter(({ schema }) => wanted(resolved(shapes, schema)))
    const place = pickOf(chance, places)
    if (!place) return undefined
    draft.json = placed(shapes, draft.json, place.steps, other(shapes, place, chance, draft), chance)
    return nameOf(place)
  }

const any = () => true
const isText = ({ type }: Schema) => type === 'string'
const isObject = ({ type }: Schema) => type === 'object'

const PLACES: readonly Spoil[] = [
  {
    name: 'as the document allows',
    fits: hasBody,
    change: inSomePlace(any, (shapes, { schema }, chance) => allowedOf(shapes, schema, chance)),
  },
  {
    name: 'at a limit of the document',
    fits: hasBody,
    change: inSomePlace(any, (shapes, { schema }, chance) => pickOf(chance, edgesOf(shapes, schema, chance))),
  },
  {
    name: 'as the document forbids',
    fits: hasBody,
    change: inSomePlace(any, (shapes, { schema }, chance) => pickOf(chance, brokenOf(shapes, schema, chance))),
  },
  {
    name: 'strange',
    fits: hasBody,
    change: inSomePlace(any, (_, __, chance) => strangeValue(chance)),
  },
  {
    name: 'a strange text',
    fits: hasBody,
    change: inSomePlace(isText, (_, __, chance) => strangeText(chance)),
  },
  {
    name: 'missing',
    fits: hasBody,
    change: inSomePlace(any, () => undefined),
  },
  {
    name: 'a field that there is not',
    fits: hasBody,
    change: inSomePlace(isObject, (shapes, { schema, steps }, chance, draft) => {
      const names = ['x', 'id', 'status', 'merchant', 'constructor', '__proto__', 'toString', 'Amount', 'amount ', '']
      const own = steps.length === 0 ? draft.json : allowedOf(shapes, schema, chance)
      return Object.fromEntries([...Object.entries(Object(own)), [pickOf(chance, names) ?? '', strangeValue(chance)]])
    }),
  },
]

const BYTES: readonly Spoil[] = [
  {
    name: 'bytes that are no JSON, or another one',
    fits: isPost,
    change: (draft, chance) => {
      const text = jsonText(draft.json ?? {})
      const at = chance.between(0, text.length - 1)
      draft.bytes = Buffer.from(
        chance.pick<string | Uint8Array>(
          text.slice(0, at),
          `${text.slice(0, at)}${String.fromCharCode(chance.between(0, 255))}${text.slice(at + 1)}`,
          `\ufeff${text}`,
          `${text}${text}`,
          `[${text}]`,
          text.replace('{', '{"__proto__":{"amount":1},'),
          text.replace('{', '{"amount":1,'),
          text.replace(/}$/, ',"amount":1}'),
          text.replaceAll('"', "'"),
          `${text}\0`,
          'null',
          '"text"',
          '7',
          '[]',
          '{}',
          '{',
          '[[[['.repeat(5_000),
          Buffer.from(text, 'utf16le'),
          Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(text.slice(at))]),
          `{"description":"${'x'.repeat(chance.pick(65_000, 66_000, 200_000))}"}`,
          ' '.repeat(60_000) + text,
        ),
      )
      return undefined
    },
  },
  {
    name: 'the body’s type or packing',
    fits: hasBody,
    change: (draft, chance) => {
      if (draft.refused !== undefined) return undefined
      const type = chance.pick(
        'text/plain',
        '',
        'application/jsonx',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'application/json; charset=utf-16',
        'APPLICATION/JSON',
        'application/json;',
        'application/problem+json',
      )
      withHeader(draft, 'content-type', ...(type === '' ? [] : [type]))
      if (chance.happens(0.3)) {
        draft.bytes = gzipSync(jsonText(draft.json ?? {}))
        withHeader(draft, 'content-encoding', 'gzip')
      }
      if (!/^application\/json\s*(;|$)/i.test(type)) draft.refused = 'the body is of another type'
      return type
    },
  },
]

export const BODY: readonly Spoil[] = [...PLACES, ...BYTES]
