import { expect, test } from 'vitest'
import { keepReturnKeys } from './return-keys.ts'

/** A hub whose keys the test rotates and whose line it cuts. */
const stage = () => {
  let calls = 0
  let shown: readonly string[] | undefined = ['first']
  const ask = keepReturnKeys(async () => {
    calls++
    return shown?.map((kid) => ({ kid }))
  })
  return {
    calls: () => calls,
    show: (kids: readonly string[] | undefined) => {
      shown = kids
    },
    kids: async (kid: string, now: number) => (await ask(kid, now)).map((key) => key.kid),
  }
}
const MINUTE = 60_000

test('the set is asked for once and kept for five minutes', async () => {
  const hub = stage()
  for (const now of [0, 1, 5 * MINUTE - 1]) expect(await hub.kids('first', now)).toEqual(['first'])
  expect(hub.calls()).toBe(1)
  await hub.kids('first', 5 * MINUTE)
  expect(hub.calls()).toBe(2)
})

test('many who ask at once make one call', async () => {
  const hub = stage()
  const all = await Promise.all(Array.from({ length: 20 }, () => hub.kids('first', 0)))
  expect(new Set(all.flat())).toEqual(new Set(['first']))
  expect(hub.calls()).toBe(1)
})

test('a rotated key is found by its unknown name, within a minute', async () => {
  const hub = stage()
  await hub.kids('first', 0)
  hub.show(['first', 'second'])
  expect(await hub.kids('second', MINUTE - 1)).toEqual(['first'])
  expect(await hub.kids('second', MINUTE)).toEqual(['first', 'second'])
  expect(hub.calls()).toBe(2)
})

test('unknown names lead to the hub once a minute, however many there are', async () => {
  const hub = stage()
  for (let second = 0; second < 180; second++) await hub.kids(`forged-${second}`, second * 1_000)
  expect(hub.calls()).toBe(3)
})

test('a hub that cannot be asked leaves what was known, and is asked again after five seconds', async () => {
  const hub = stage()
  await hub.kids('first', 0)
  hub.show(undefined)
  expect(await hub.kids('first', 6 * MINUTE)).toEqual(['first'])
  expect(await hub.kids('first', 6 * MINUTE + 4_999)).toEqual(['first'])
  expect(hub.calls()).toBe(2)
  hub.show(['second'])
  expect(await hub.kids('second', 6 * MINUTE + 5_000)).toEqual(['second'])
})

test('a clock that is set back does not keep a set for ever', async () => {
  const hub = stage()
  await hub.kids('first', 60 * MINUTE)
  hub.show(['second'])
  expect(await hub.kids('second', 0)).toEqual(['second'])
})
