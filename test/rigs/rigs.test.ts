import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Stage } from '../support/story.ts'
import { drawRigs } from './draw.ts'
import { HABITS } from './naive.ts'
import { RIGS } from './rigs.ts'
import { type RigStages, startRigStages } from './stages.ts'

let stages: RigStages
beforeAll(async () => {
  stages = await startRigStages()
})
afterAll(() => stages.stop())

describe.each(RIGS)('$name', ({ habits, story, right, wrong, attention = [] }) => {
  it('is not what our hub does', async () => {
    const flags = new Set<string>()
    const api: Stage['api'] = async (method, path, body) => {
      const answer = await stages.ours.api(method, path, body)
      for (const flag of [answer.body.attention].flat()) if (typeof flag === 'string') flags.add(flag)
      return answer
    }
    expect(await story({ ...stages.ours, api })).toEqual(right)
    expect([...flags]).toEqual(attention)
  })

  it('is what a naive hub with the habit does', async () => {
    expect(await story(await stages.naive(habits))).toEqual(wrong)
  })

  it('is not what the same hub without the habit does', async () => {
    expect(await story(await stages.naive(habits.slice(1)))).toEqual(right)
  })
})

it('knows no habit that no rig shows', () => {
  expect(new Set(RIGS.map(({ habits: [first] }) => first))).toEqual(new Set(HABITS))
})

it('is what docs/rigs.md shows: draw it anew with -u', async () => {
  await expect(drawRigs()).toMatchFileSnapshot('../../docs/rigs.md')
})
