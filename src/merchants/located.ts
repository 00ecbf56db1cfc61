import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { fail, ok, type Result } from '../kernel/result.ts'
import { knownKeys, sentenceOf } from './sentences.ts'

/** Where something stands in a file: the keys and indexes that lead to it. */
export type Place = readonly (string | number)[]

/** Something wrong in a file that a person wrote, with what to do about it. Lines and columns count from 1. */
export type Problem = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** As `merchants[0].agreements[1].settings.url`. */
  readonly path: string
  readonly message: string
}

/** As compilers write it, so that editors jump to the line. */
export const showProblem = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`

/** A YAML (or JSON) file that remembers where everything stood. */
export type LocatedFile = {
  readonly file: string
  readonly value: unknown
  /** A problem at a place; where the file has nothing there, at the nearest thing around it. `of: 'key'` points at the name. */
  problem(place: Place, message: string, of?: 'key' | 'value'): Problem
}

/** A merchant's whole configuration is some kilobytes; a file beyond this is a mistake. */
const MAX_FILE_CHARS = 2_000_000

/** Errors: what YAML itself refuses, each with its line. */
export const parseLocated = (file: string, text: string): Result<LocatedFile, readonly Problem[]> => {
  const lines = new LineCounter()
  const problemAt = (offset: number, path: string, message: string): Problem => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col), path, message }
  }
  if (text.length > MAX_FILE_CHARS) return fail([problemAt(0, '', 'the file is larger than 2 MB')])
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  // Only the first: after a broken bracket everything that follows looks broken.
  const [broken] = document.errors
  const bare = bareColour(text)
  if (broken && bare) return fail([problemAt(bare.at, '', bare.sentence)])
  if (broken) return fail([problemAt(broken.pos[0], '', firstLine(broken.message))])
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    return fail([problemAt(0, '', firstLine(error instanceof Error ? error.message : ''))])
  }
  return ok({
    file,
    value,
    problem: (place, message, of = 'value') => problemAt(offsetOf(document, place, of), pathOf(place), message),
  })
}

/** Checks a value of the file against a schema; every problem has the place of what caused it. */
export const checked = <Value>(
  file: LocatedFile,
  schema: z.ZodType<Value>,
  value: unknown,
  base: Place = [],
): Result<Value, readonly Problem[]> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  return fail(parsed.error.issues.flatMap((issue) => problemsOf(file, schema, value, base, issue)))
}

const problemsOf = (
  file: LocatedFile,
  schema: z.ZodType,
  value: unknown,
  base: Place,
  issue: z.core.$ZodIssue,
): readonly Problem[] => {
  const inner = issue.path.filter((part) => typeof part !== 'symbol')
  const place = [...base, ...inner]
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, inner)
    const hint = known.length === 0 ? 'take it out' : `known are ${known.join(', ')}`
    return issue.keys.map((key) => file.problem([...place, key], `"${key}" is not known here: ${hint}`, 'key'))
  }
  const message = sentenceOf(issue, valueAt(value, inner))
  return [file.problem(place, message, issue.code === 'invalid_key' ? 'key' : 'value')]
}

const valueAt = (value: unknown, place: Place): unknown =>
  place.reduce<unknown>(
    (inside, part) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, part) : undefined),
    value,
  )

const pathOf = (place: Place): string =>
  place.reduce<string>(
    (path, part) => (typeof part === 'number' ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
    '',
  )

/** A colour without quotes begins a comment, and what it swallows breaks the file somewhere below. */
const bareColour = (text: string): { readonly at: number; readonly sentence: string } | undefined => {
  const found = /Colour: +(#[0-9a-f]{3,8})\b/i.exec(text)
  const [whole, colour] = found ?? []
  if (!found || !whole || !colour) return undefined
  const sentence = `put the colour in quotes, "${colour}": without them it begins a comment`
  return { at: found.index + whole.length - colour.length, sentence }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

const offsetOf = (document: Document, place: Place, of: 'key' | 'value'): number => {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [depth, part] of place.entries()) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node
    if (isMap(inside)) {
      const pair = inside.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
      if (!pair) return offset
      const atKey = of === 'key' && depth === place.length - 1
      offset = startOf(atKey ? pair.key : pair.value) ?? startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(inside)) {
      node = inside.items[Number(part)]
      offset = startOf(node) ?? offset
    } else {
      return offset
    }
  }
  return offset
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)

const isNode = (node: unknown): node is Node => typeof node === 'object' && node !== null && 'range' in node
