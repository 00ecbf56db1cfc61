import { expect, it } from 'vitest'
import { openBatches } from './batches.ts'

const gate = () => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

it('one item is written at once; those that come meanwhile are written together', async () => {
  const batches: (readonly number[])[] = []
  const { open, opened } = gate()
  const write = openBatches(3, async (batch: readonly number[]) => {
    batches.push(batch)
    await opened
  })
  const all = [1, 2, 3, 4, 5, 6].map((item) => write(item))
  expect(batches).toEqual([[1]])
  open()
  await Promise.all(all)
  expect(batches).toEqual([[1], [2, 3, 4], [5, 6]])
})

it('a batch that fails is told to its own callers, and the next is written', async () => {
  const write = openBatches(1, async ([item]: readonly number[]) => {
    if (item === 1) throw new Error('lost')
  })
  expect(await Promise.allSettled([write(1), write(2)])).toMatchObject([
    { status: 'rejected' },
    { status: 'fulfilled' },
  ])
})
