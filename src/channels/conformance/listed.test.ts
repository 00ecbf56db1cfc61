import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { channels } from '../index.ts'
import { simulators } from '../simulators.ts'

/** A channel is proved by its own file: here it is seen that each has one, that it runs the kit, and that nothing of it is left out. */

const ids = channels.map(({ channel }) => channel.id)

it('is run by every channel there is', ({ task }) => {
  for (const id of ids) {
    const file = new URL(`../${id}/conformance.test.ts`, import.meta.url)
    expect(existsSync(file), `write ${id}/conformance.test.ts: it runs the kit in src/channels/conformance`).toBe(true)
    const text = readFileSync(file, 'utf8')
    expect(text, `${id}/conformance.test.ts runs the kit`).toMatch(/^ *(familyConformance|conformance)\(\{$/m)
    expect(text, `${id}/conformance.test.ts leaves nothing out`).not.toMatch(/\.(skip|only|todo)|(skip|run)If/)
  }
  Object.assign(task.meta, { channels: ids })
})

it('has another side to each channel', () => {
  expect(simulators.map(({ channel }) => channel).sort()).toEqual([...ids].sort())
})
