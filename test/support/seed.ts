import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { withLock } from '../../src/platform/db/embedded/lock.ts'
import { startEmbedded } from '../../src/platform/db/embedded.ts'
import { silentLog } from '../../src/platform/log.ts'
import { openTempFolder } from './test-server.ts'

/**
 * A folder for an embedded database whose data are made already: a copy of what one first start made, since making takes a second and
 * copying a tenth. The caller removes it.
 */
export const seededFolder = async (prefix: string): Promise<string> => {
  const seed = await onceInRun('seed', async (draft) => {
    await (await startEmbedded({ dataDir: draft, log: silentLog })).stop()
  })
  const folder = openTempFolder(prefix)
  execFileSync('cp', ['-a', join(seed, 'postgres'), folder])
  return folder
}

/** A folder that is made once for all tests of a run, and goes with it. */
export const onceInRun = async (name: string, make: (draft: string) => Promise<void>): Promise<string> => {
  const folder = join(inject('testFolder'), name)
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return
    const draft = `${folder}.draft`
    mkdirSync(draft, { mode: 0o711 })
    await make(draft)
    renameSync(draft, folder)
  })
  return folder
}
