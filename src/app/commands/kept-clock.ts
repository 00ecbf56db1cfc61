import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../../kernel/time.ts'
import { type MovingClock, movingClock } from '../../sandbox/index.ts'

/**
 * A clock that remembers in `folder` how far it was moved: what the hub has stored keeps its times, so after a restart it must not be earlier
 * than it was.
 */
export const keptClock = (folder: string): MovingClock => {
  const file = join(folder, 'test-clock.json')
  const kept = existsSync(file) ? readKept(readFileSync(file, 'utf8')) : undefined
  const clock = movingClock(systemClock, kept?.aheadMs ?? 0)
  clock.onMove({
    settle: async () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, JSON.stringify({ aheadMs: clock.aheadMs() }))
    },
  })
  return clock
}

const Kept = z.object({ aheadMs: z.number().min(0) })

/** Undefined when the text is none of ours, e.g. cut short by a power failure. */
const readKept = (text: string): z.infer<typeof Kept> | undefined => {
  try {
    return Kept.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
