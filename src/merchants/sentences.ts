import { z } from 'zod'

/** What a person must do about a value that a schema refuses, in a sentence without the value's name. */
export const sentenceOf = (issue: z.core.$ZodIssue, value: unknown): string => {
  switch (issue.code) {
    case 'invalid_type':
      return isOwnWording(issue.message) ? issue.message : typeSentence(issue.expected, value)
    case 'invalid_value':
      return value === undefined ? 'is missing: add it' : `must be ${listed(issue.values.map(String))}`
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message
    case 'too_small':
      return sizeSentence('at least', issue.origin, issue.minimum)
    case 'too_big':
      return sizeSentence('at most', issue.origin, issue.maximum)
    case 'invalid_format':
      return issue.format === 'url' ? 'must be an address such as https://example.org/path' : issue.message
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return issue.message
  }
}

/** zod's own wording of a wrong type begins so; anything else was worded by the schema's author. */
const isOwnWording = (message: string): boolean => !message.startsWith('Invalid input')

const typeSentence = (expected: string, value: unknown): string => {
  if (value === undefined) return 'is missing: add it'
  const names = KINDS[expected] ?? expected
  const quotes = expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
  return `must be ${names}, not ${kindOf(value)}${quotes ? ': put it in quotes' : ''}`
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number'
  return KINDS[typeof value] ?? typeof value
}

const sizeSentence = (bound: string, origin: string, size: number | bigint): string => {
  if (origin === 'array' || origin === 'set') return `must have ${bound} ${size} ${size === 1 ? 'entry' : 'entries'}`
  if (origin === 'string')
    return size === 1 && bound === 'at least' ? 'must not be empty' : `must have ${bound} ${size} characters`
  return `must be ${bound} ${size}`
}

export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** The names a schema knows at a place; none where it is not an object of named members. */
export const knownKeys = (schema: unknown, place: readonly (string | number)[]): readonly string[] => {
  let inside = unwrapped(schema)
  for (const part of place) {
    if (inside instanceof z.ZodObject) inside = unwrapped(inside.shape[part])
    else if (inside instanceof z.ZodArray) inside = unwrapped(inside.element)
    else if (inside instanceof z.ZodRecord) inside = unwrapped(inside.valueType)
    else return []
  }
  return inside instanceof z.ZodObject ? Object.keys(inside.shape) : []
}

const unwrapped = (schema: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap())
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema
}
