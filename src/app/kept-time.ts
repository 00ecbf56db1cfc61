import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Clock, systemClock } from '../kernel/time.ts'
import type { Config } from './config.ts'

/** How far a tester has moved the clock that the data of `folder` go by, kept beside them. */

const fileIn = (folder: string): string => join(folder, 'test-clock.json')

const Kept = z.object({ aheadMs: z.number().min(0) })

/** 0 where it was never moved, or the file was cut short by a power failure. */
export const keptAheadMs = (folder: string): number => {
  const file = fileIn(folder)
  if (!existsSync(file)) return 0
  try {
    return Kept.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data?.aheadMs ?? 0
  } catch {
    return 0
  }
}

export const keepAheadMs = (folder: string, aheadMs: number): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(fileIn(folder), JSON.stringify({ aheadMs }))
}

/**
 * For whoever works on the data without a test clock of its own: a command beside the demo, a hub started on its data. What is stored
 * keeps its times, and what is written next must not be earlier. In live mode nobody moves a clock.
 */
export const clockOf = ({ mode }: Pick<Config, 'mode'>, folder: string): Clock => {
  const aheadMs = mode === 'test' ? keptAheadMs(folder) : 0
  return aheadMs === 0 ? systemClock : { now: () => systemClock.now() + aheadMs }
}
