import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTempFolder } from '../../test/support/test-server.ts'
import { DAY_MS, systemClock } from '../kernel/time.ts'
import { clockOf, keepAheadMs, keptAheadMs } from './kept-time.ts'

let folder: string
beforeEach(() => {
  folder = openTempFolder('ebizness-kept-time-')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps how far time was moved, also in a folder that is not there yet', () => {
  expect(keptAheadMs(folder)).toBe(0)
  const inside = join(folder, 'data')
  keepAheadMs(inside, DAY_MS)
  expect(keptAheadMs(inside)).toBe(DAY_MS)
})

it.each(['', '{"aheadMs":', '{"aheadMs":-1}', '{"ahead":5}', '[]'])('takes a file of %j for none', (text) => {
  writeFileSync(join(folder, 'test-clock.json'), text)
  expect(keptAheadMs(folder)).toBe(0)
})

it('is the machine’s time in live mode, whatever lies there', () => {
  keepAheadMs(folder, DAY_MS)
  expect(clockOf({ mode: 'live' }, folder)).toBe(systemClock)
  expect(clockOf({ mode: 'test' }, folder).now() - systemClock.now()).toBeGreaterThan(DAY_MS - 1_000)
})
