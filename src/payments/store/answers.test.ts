import { rmSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { seededFolder } from '../../../test/support/seed.ts'
import { execute } from '../../../test/support/test-server.ts'
import { CommitUnknown, statement } from '../../platform/db/db.ts'
import { startEmbedded } from '../../platform/db/embedded.ts'
import { openDb } from '../../platform/db/postgres.ts'
import { silentLog } from '../../platform/log.ts'
import { confirmAnswer } from './answers.ts'

const STANDBYS = statement<{ names: string }>(
  't.standbys',
  `select current_setting('synchronous_standby_names') as names`,
)

it('an answer that was kept is given again only when the standby has it', { timeout: 60_000 }, async () => {
  const folder = await seededFolder('ebz-')
  const embedded = await startEmbedded({ dataDir: folder, log: silentLog })
  const db = await openDb({ url: embedded.url, statementTimeoutMs: 500 })
  const wait = async (names: string): Promise<void> => {
    await execute(embedded.url, `alter system set synchronous_standby_names = '${names}'`)
    await execute(embedded.url, 'select pg_reload_conf()')
    await vi.waitFor(async () => expect(await db.query(STANDBYS)).toEqual([{ names }]), { timeout: 30_000 })
  }
  await db.tx(confirmAnswer)
  await wait('away')
  await expect(db.tx(confirmAnswer)).rejects.toBeInstanceOf(CommitUnknown)
  await wait('')
  await db.tx(confirmAnswer)
  await db.close()
  await embedded.stop()
  rmSync(folder, { recursive: true, force: true })
})
