import type { z } from 'zod'

/** What a field of a request must be, where its schema has no sentence of its own: zod's words do not tell what to do. */
export const fieldMessage = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.input === undefined && issue.code !== 'unrecognized_keys') return 'is missing: add it'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    case 'unrecognized_keys':
      return `has no field ${issue.keys.map((key) => `"${key}"`).join(' and no field ')}`
    case 'invalid_union':
      return `is not in any of the forms that /docs shows, as ${kindOf(issue.input)}`
    case 'too_small':
      return `must be at least ${sizeOf(issue.origin, issue.minimum)}`
    case 'too_big':
      return `must be at most ${sizeOf(issue.origin, issue.maximum)}`
    case 'invalid_format':
      return FORMATS[issue.format]
    default:
      return undefined
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number without quotes',
  int: 'a whole number without quotes',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'must be a whole address, e.g. https://town.example/back',
  email: 'must be an e-mail address, e.g. anna@example.org',
}

const sizeOf = (origin: string, size: number | bigint): string => {
  if (origin === 'string') return `${size} characters long`
  return origin === 'array' ? `${size} in number` : `${size}`
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? 'a text' : typeof value === 'object' ? 'an object' : String(value)
}
