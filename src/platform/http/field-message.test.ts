import { expect, test } from 'vitest'
import { z } from 'zod'
import { fieldMessage } from './field-message.ts'

const Shape = z.strictObject({
  text: z.string().max(3).optional(),
  count: z.int().min(2).optional(),
  worded: z.int('cents, please').optional(),
  way: z.enum(['one', 'many']).optional(),
  list: z.array(z.string()).min(1).optional(),
  address: z.url().optional(),
  email: z.email().optional(),
  either: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  map: z.record(z.string(), z.string()).optional(),
})
const told = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value, { error: fieldMessage }).error?.issues.map(({ message }) => message)

test.each<[unknown, string]>([
  [{ text: 12 }, 'must be a text in quotes, not a number'],
  [{ text: 'four' }, 'must be at most 3 characters long'],
  [{ count: '7' }, 'must be a number without quotes, not a text'],
  [{ count: 7.5 }, 'must be a whole number without quotes, not a fraction'],
  [{ count: 1 }, 'must be at least 2'],
  [{ worded: '7' }, 'cents, please'],
  [{ way: 'three' }, 'must be "one" or "many"'],
  [{ list: [] }, 'must be at least 1 in number'],
  [{ list: null }, 'must be a list, not null'],
  [{ address: '/back' }, 'must be a whole address, e.g. https://town.example/back'],
  [{ email: 'anna' }, 'must be an e-mail address, e.g. anna@example.org'],
  [{ either: 5 }, 'is not in any of the forms that /docs shows, as a number'],
  [{ map: [] }, 'must be an object, not a list'],
  [{ amout: 1 }, 'has no field "amout"'],
  [[], 'must be an object, not a list'],
])('%j: %s', (value, sentence) => {
  expect(told(Shape, value)).toEqual([sentence])
})

test('what is missing is to be added', () => {
  expect(told(z.object({ text: z.string(), way: z.enum(['one']) }), {})).toEqual([
    'is missing: add it',
    'is missing: add it',
  ])
})
