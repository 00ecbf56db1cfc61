import pg from 'pg'
import { afterEach, expect, it, vi } from 'vitest'
import { freshDatabase } from '../../../test/support/database.ts'
import { execute } from '../../../test/support/test-server.ts'
import { silentLog } from '../log.ts'
import { DatabaseAway } from './db.ts'
import { createListener } from './listener.ts'

afterEach(() => void vi.useRealTimers())

it('that comes back by two ways at once has one connection, and none when it is closed', async () => {
  const { url } = await freshDatabase()
  let asked = 0
  const dedicated = async (): Promise<pg.Client> => {
    if (++asked === 1) throw new DatabaseAway('the database system is starting up')
    const client = new pg.Client(url)
    await client.connect()
    return client
  }
  const listener = createListener({ dedicated }, silentLog)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await listener.listen('door', () => {})
  await listener.listen('phone', () => {})
  await vi.advanceTimersByTimeAsync(60_000)
  vi.useRealTimers()
  const listening = `select query from pg_stat_activity where query like 'listen %' and datname = current_database()`
  expect(await execute(url, listening)).toHaveLength(1)
  await listener.close()
  await vi.waitFor(async () => expect(await execute(url, listening)).toEqual([]), { timeout: 10_000, interval: 20 })
})
