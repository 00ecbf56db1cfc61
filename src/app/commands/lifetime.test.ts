import { setTimeout as after } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { toItsEnd } from './lifetime.ts'

/** Timers that keep a process from ending. */
const holding = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

it('holds the process while its work waits for what holds nothing, and no longer', async () => {
  const before = holding()
  const during = await toItsEnd(async () => {
    await Promise.race([new Promise(() => {}), after(5, undefined, { ref: false })])
    return holding()
  })
  expect([during, holding()]).toEqual([before + 1, before])
})

it('lets go where the work fails, and tells how', async () => {
  const before = holding()
  await expect(toItsEnd(() => Promise.reject(new Error('no'))).catch(String)).resolves.toBe('Error: no')
  expect(holding()).toBe(before)
})
