import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ATTEMPT_STATUSES, FLAGS, PAYMENT_STATUSES } from './facts.ts'
import { drawStates } from './states.ts'

const drawn = drawStates()

it('is what docs/states.md shows: draw it anew with the command in states.ts', () => {
  expect(readFileSync(new URL('../../docs/states.md', import.meta.url), 'utf8')).toBe(drawn)
})

it('meets every status and every flag', () => {
  const rows = drawn.split('\n').filter((line) => line.startsWith('| `'))
  const [attempts, rest] = [rows.slice(0, ATTEMPT_STATUSES.length), rows.slice(ATTEMPT_STATUSES.length)]
  const first = (line: string) => /`([a-z_]+)/.exec(line)?.[1]
  expect(attempts.map(first).sort()).toEqual([...ATTEMPT_STATUSES].sort())
  expect(rest.map(first)).toEqual(expect.arrayContaining([...PAYMENT_STATUSES, ...FLAGS]))
  const ways = rest.slice(-FLAGS.length).map((line) => line.split('|')[2]?.trim())
  expect(ways.filter((way) => !way)).toEqual([])
})

it('draws no arrow out of executed', () => {
  expect(drawn).not.toMatch(/^ {2}executed --> /m)
})
