import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { seededFolder } from '../../test/support/seed.ts'
import { execute, openTempFolder } from '../../test/support/test-server.ts'
import { startEmbedded } from '../platform/db/embedded.ts'
import { silentLog } from '../platform/log.ts'
import { openStorage } from './compose.ts'
import { readConfig } from './config.ts'

let folder: string
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a database that cannot be brought up to this release is left, and its server ended', async () => {
  folder = openTempFolder('ebizness-storage-')
  renameSync(await seededFolder('ebizness-seed-'), join(folder, 'postgres'))
  const embedded = await startEmbedded({ dataDir: join(folder, 'postgres'), log: silentLog })
  await execute(embedded.url, 'create schema payments')
  await execute(embedded.url, 'create table payments.payment (n int)')
  await embedded.stop()
  const config = readConfig({ EBIZNESS_DATA_DIR: folder }, 'test')
  if (!config.ok) throw new Error(config.error.join())
  await expect(openStorage(config.value, silentLog)).rejects.toThrow(/payment/)
  expect(existsSync(join(folder, 'postgres/postgres/postmaster.pid'))).toBe(false)
})
