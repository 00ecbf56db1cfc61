import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededFolder } from '../../../test/support/seed.ts'
import { execute } from '../../../test/support/test-server.ts'
import { silentLog } from '../log.ts'
import { CommitUnknown, DatabaseAway, type Db, statement } from './db.ts'
import { type Embedded, startEmbedded } from './embedded.ts'
import { openDb } from './postgres.ts'

const folders: string[] = []
const started: { readonly embedded: Embedded; readonly folder: string }[] = []
const opened: Db[] = []

const start = async (folder: string, settings: Readonly<Record<string, string>> = {}): Promise<Embedded> => {
  const embedded = await startEmbedded({ dataDir: folder, log: silentLog, settings })
  started.push({ embedded, folder })
  return embedded
}
const open = async (url: string): Promise<Db> => {
  const db = await openDb({ url })
  opened.push(db)
  return db
}
const seeded = async (): Promise<string> => {
  const folder = await seededFolder('ebz-')
  folders.push(folder)
  return folder
}
const socketOf = (embedded: Embedded): string => new URL(embedded.url).searchParams.get('host') ?? ''
const killServer = (folder: string): void => {
  process.kill(Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
}
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000, interval: 20 })

const WHO = statement<{ folder: string }>('t.who', `select current_setting('data_directory') as folder`)
const PUT = statement('t.put', 'insert into row values ($1)')
const COUNT = statement<{ count: number }>('t.count', 'select count(*) from row')

beforeEach(() => {
  vi.setConfig({ testTimeout: 180_000 })
})
afterEach(async () => {
  for (const db of opened.splice(0)) await db.close()
  for (const { embedded } of started.splice(0)) await embedded.stop()
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('one server', () => {
  it('that is not there yet is told in a sentence without the password', async () => {
    await expect(openDb({ url: 'postgres://hub:very-secret@127.0.0.1:9/hub' })).rejects.toThrow(
      /^no writable PostgreSQL answers \(127\.0\.0\.1:9\/hub: .*ECONNREFUSED/,
    )
  })

  it('that never answers is given up in time', async () => {
    const silent = await listenOnAnyPort()
    const url = `postgres://hub@127.0.0.1:${silent.port}/hub`
    const begun = performance.now()
    await expect(openDb({ url, connectTimeoutMs: 200 })).rejects.toBeInstanceOf(DatabaseAway)
    expect(performance.now() - begun).toBeLessThan(3_000)
    silent.server.close()
  })

  it('that refuses us says why, and is not called away', async () => {
    const { url } = await start(await seeded())
    const wrong = new URL(url)
    wrong.pathname = '/nothing-here'
    await expect(openDb({ url: wrong.toString() })).rejects.toThrow('database "nothing-here" does not exist')
  })

  it('that is down is told at once after a short patience, and used again when it is back', async () => {
    const folder = await seeded()
    const embedded = await start(folder)
    const db = await open(embedded.url)
    killServer(folder)
    await eventually(() => expect(db.query(WHO)).rejects.toBeInstanceOf(DatabaseAway))
    const begun = performance.now()
    await expect(db.tx((tx) => tx.query(WHO))).rejects.toBeInstanceOf(DatabaseAway)
    expect(performance.now() - begun).toBeLessThan(1_000)
    await start(folder)
    await eventually(async () => expect(await db.query(WHO)).toEqual([{ folder: join(folder, 'postgres') }]))
  })

  it('that became a standby is not listened to, and holds no connection that would keep the process from its end', async () => {
    const { url } = await start(await seeded())
    const db = await open(url)
    const readOnly = async (value: 'on' | 'off'): Promise<void> => {
      await execute(url, `alter system set default_transaction_read_only = ${value}`)
      await execute(url, 'select pg_reload_conf()')
      await eventually(async () =>
        expect(await execute(url, 'show default_transaction_read_only')).toEqual([
          { default_transaction_read_only: value },
        ]),
      )
    }
    const listeners = () => execute(url, `select 1 from pg_stat_activity where query like 'listen %'`)
    await readOnly('on')
    let heard = 0
    await db.listen('news', () => heard++)
    expect(await listeners()).toEqual([])
    const known = `select 1 from pg_stat_activity where application_name = 'ebizness' and pid <> pg_backend_pid()`
    await eventually(async () => expect((await execute(url, known)).length).toBeLessThan(2))
    await readOnly('off')
    await eventually(async () => expect(await listeners()).toHaveLength(1))
    await execute(url, 'notify news')
    await eventually(() => expect(heard).toBeGreaterThan(0))
  })

  it('that restarts while transactions run loses none of them', async () => {
    const folder = await seeded()
    const embedded = await start(folder)
    await execute(embedded.url, 'create table row (n int primary key)')
    embedded.watch()
    const db = await open(embedded.url)
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 25; n++) await put(db, writer * 1_000 + n)
      }),
    )
    await eventually(async () => expect((await db.query(COUNT))[0]?.count).toBeGreaterThan(20))
    killServer(folder)
    await writing
    expect(await db.query(COUNT)).toEqual([{ count: 200 }])
  })

  it('whose commit is cancelled while it waits for a standby makes it unknown, not done', async () => {
    const folder = await seeded()
    const embedded = await start(folder)
    await execute(embedded.url, 'create table row (n int primary key)')
    await execute(embedded.url, `alter system set synchronous_standby_names = 'away'`)
    await execute(embedded.url, 'select pg_reload_conf()')
    const db = await open(embedded.url)
    await eventually(async () =>
      expect(await db.query(statement('t.standby', 'show synchronous_standby_names'))).toEqual([
        { synchronous_standby_names: 'away' },
      ]),
    )
    for (const commit of [() => db.tx((tx) => tx.query(PUT, [1])), () => db.query(PUT, [2])]) {
      const outcome = commit().catch((error: unknown) => error)
      await eventually(async () => expect(await execute(embedded.url, CANCEL_WAITING)).toHaveLength(1))
      expect(await outcome).toBeInstanceOf(CommitUnknown)
    }
  })
})

const CANCEL_WAITING = `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`

/** Repeats what is unknown or was not taken, as a caller with a key does. */
const put = async (db: Db, n: number): Promise<void> => {
  for (;;) {
    try {
      await db.tx((tx) => tx.query(PUT, [n]))
      return
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === '23505') return
      if (!(error instanceof CommitUnknown || error instanceof DatabaseAway)) throw error
    }
  }
}

const listenOnAnyPort = (): Promise<{ readonly server: Server; readonly port: number }> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 })
    })
  })

describe('several servers', () => {
  const withStandby = async () => {
    const first = await seeded()
    const primary = await start(first)
    await execute(primary.url, 'create table row (n int primary key)')
    await primary.stop()
    const second = await seeded()
    rmSync(join(second, 'postgres'), { recursive: true })
    execFileSync('cp', ['-a', join(first, 'postgres'), second])
    writeFileSync(join(second, 'postgres', 'standby.signal'), '')
    const again = await start(first)
    const standby = await start(second, { primary_conninfo: `host=${socketOf(again)} user=postgres` })
    const both = `postgres://postgres@localhost/postgres?host=${socketOf(standby)},${socketOf(again)}`
    return { first, second, primary: again, standby, both }
  }

  it('are asked for the one that may write, wherever it stands in the list', async () => {
    const { first, both, standby } = await withStandby()
    const db = await open(both)
    expect(await db.query(WHO)).toEqual([{ folder: join(first, 'postgres') }])
    await expect(openDb({ url: standby.url })).rejects.toThrow('read-only')
  })

  it('fail over: the standby that is promoted is used, and nothing acknowledged is lost', async () => {
    const { first, second, primary, standby, both } = await withStandby()
    await execute(primary.url, `alter system set synchronous_standby_names = '*'`)
    await execute(primary.url, 'select pg_reload_conf()')
    await eventually(async () =>
      expect(await execute(primary.url, 'select sync_state from pg_stat_replication')).toEqual([
        { sync_state: 'sync' },
      ]),
    )
    const db = await open(both)
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 50; n++) await put(db, writer * 1_000 + n)
      }),
    )
    await eventually(async () => expect((await db.query(COUNT))[0]?.count).toBeGreaterThan(20))
    killServer(first)
    await execute(standby.url, 'select pg_promote()')
    await writing
    expect(await db.query(WHO)).toEqual([{ folder: join(second, 'postgres') }])
    expect(await db.query(COUNT)).toEqual([{ count: 200 }])
  })
})
