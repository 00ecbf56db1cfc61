import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { startProcess, type TestProcess } from '../../../test/support/process.ts'
import { seededFolder } from '../../../test/support/seed.ts'
import { execute, openTempFolder } from '../../../test/support/test-server.ts'
import { type Log, silentLog } from '../log.ts'
import { CommitUnknown, DatabaseAway, type Db, statement } from './db.ts'
import { installedBinaries } from './embedded/binaries.ts'
import { type Embedded, startEmbedded } from './embedded.ts'
import { openDb } from './postgres.ts'

const IS_ROOT = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

const folders: string[] = []
const started: Embedded[] = []
const processes: TestProcess[] = []

const newFolder = (): string => {
  const folder = openTempFolder('ebz-')
  folders.push(folder)
  return folder
}
const seeded = async (): Promise<string> => {
  const folder = await seededFolder('ebz-')
  folders.push(folder)
  return folder
}
const start = async (dataDir: string, more: { readonly log?: Log; readonly elsewhere?: readonly string[] } = {}) => {
  const embedded = await startEmbedded({ dataDir, log: silentLog, ...more })
  started.push(embedded)
  return embedded
}
const another = async (
  dataDir: string,
  user?: { readonly uid: number; readonly gid: number },
): Promise<TestProcess> => {
  const made = await startProcess('embedded-process', [dataDir], user)
  processes.push(made)
  return made
}

const pidOf = (data: string): number => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
const isRunning = (data: string): boolean => existsSync(join(data, 'postmaster.pid'))
const killed = (pid: number): void => {
  process.kill(pid, 'SIGKILL')
}

afterEach(async () => {
  for (const made of processes.splice(0)) await made.kill()
  for (const embedded of started.splice(0)) await embedded.stop()
})
afterAll(() => {
  for (const folder of folders) {
    // Servers that tests left behind, by what their own data say.
    for (const data of [join(folder, 'postgres'), ...below(folder)]) if (isRunning(data)) killed(pidOf(data))
    rmSync(folder, { recursive: true, force: true })
  }
})
const below = (folder: string): readonly string[] => readdirSync(folder).map((name) => join(folder, name, 'postgres'))

const PUT = statement('t.put', 'insert into row values ($1)')
const ALL = statement<{ n: number }>('t.all', 'select n from row')

/** A writer that never rests: every number it was told is kept. */
const startWriter = (db: Db) => {
  const acknowledged: number[] = []
  let over = false
  const write = async (): Promise<void> => {
    for (let n = 0; !over; n++) {
      try {
        await db.tx((tx) => tx.query(PUT, [n]))
        acknowledged.push(n)
      } catch (error) {
        if (!(error instanceof CommitUnknown || error instanceof DatabaseAway)) throw error
      }
    }
  }
  const written = write()
  return {
    acknowledged,
    stop: async () => {
      over = true
      await written
    },
  }
}

/** Generous: a first start takes a second, and other tests run beside these. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 10 })

describe('the embedded database', { timeout: 180_000 }, () => {
  it('is a durable PostgreSQL 17 on a socket that only its own user may enter', async () => {
    const folder = newFolder()
    const { url } = await start(folder)
    const shown = await execute<{ name: string; setting: string }>(
      url,
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'server_version_num', 'TimeZone', 'server_encoding') order by name`,
    )
    const settings = Object.fromEntries(shown.map(({ name, setting }) => [name, setting]))
    expect(settings).toMatchObject({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
    })
    expect(settings.server_version_num).toMatch(/^17/)
    expect(settings.server_encoding).toBe('UTF8')
    expect(statSync(join(folder, 'socket')).mode & 0o777).toBe(0o700)
    expect(await execute(url, `select upper('ķēžu') as text`)).toEqual([{ text: 'ĶĒŽU' }])
  })

  it('has connections for several hubs with all of theirs, and for a command beside them', async () => {
    const { url } = await start(await seeded())
    const clients = Array.from({ length: 100 }, () => new pg.Client(url))
    const entered = await Promise.allSettled(clients.map((client) => client.connect()))
    await Promise.allSettled(clients.map((client) => client.end()))
    expect(entered.filter(({ status }) => status === 'rejected')).toEqual([])
  })

  it('is shared: a second start finds it running, and does not end it', async () => {
    const folder = await seeded()
    const first = await start(folder)
    const pid = pidOf(join(folder, 'postgres'))
    const second = await another(folder)
    expect((await second.next()).url).toBe(first.url)
    second.tell('stop')
    await second.next()
    expect(pidOf(join(folder, 'postgres'))).toBe(pid)
    await first.stop()
    expect(isRunning(join(folder, 'postgres'))).toBe(false)
  })

  it('is not ended while another process uses it', async () => {
    const folder = await seeded()
    const first = await another(folder)
    const { url } = await first.next()
    const db = await openDb({ url: url ?? '' })
    first.tell('stop')
    expect((await first.next()).log).toContain('the embedded PostgreSQL stays: others use it')
    expect(await db.query(statement('t.still', 'select 1 as one'))).toEqual([{ one: 1 }])
    await db.close()
  })

  it('is ended by the last process that leaves, whoever started it', async () => {
    const folder = await seeded()
    const first = await another(folder)
    await first.next()
    const second = await another(folder)
    await second.next()
    first.tell('stop')
    expect((await first.next()).log).toContain('the embedded PostgreSQL stays: others use it')
    await first.kill()
    const third = await start(folder)
    await third.stop()
    expect(isRunning(join(folder, 'postgres'))).toBe(true)
    second.tell('stop')
    await second.next()
    expect(isRunning(join(folder, 'postgres'))).toBe(false)
  })

  it('is not ended under one that enters while the last one leaves', async () => {
    const folder = await seeded()
    const all = [await another(folder)]
    await all[0]?.next()
    for (let round = 1; round <= 5; round++) {
      const leaving = all.at(-1)
      leaving?.tell('stop')
      const entering = await another(folder)
      all.push(entering)
      const { url } = await entering.next()
      await leaving?.next()
      expect(await execute(url ?? '', 'select 1 as one')).toEqual([{ one: 1 }])
    }
  })

  it('outlives a hub that is killed, and is found by the next', async () => {
    const folder = await seeded()
    const first = await another(folder)
    await first.next()
    const pid = pidOf(join(folder, 'postgres'))
    await first.kill()
    await start(folder)
    expect(pidOf(join(folder, 'postgres'))).toBe(pid)
  })

  it('that was killed is started again, and has every acknowledged row', async () => {
    const folder = await seeded()
    const embedded = await start(folder)
    await execute(embedded.url, 'create table row (n int primary key)')
    embedded.watch()
    const db = await openDb({ url: embedded.url })
    const writer = startWriter(db)
    for (let kill = 1; kill <= 3; kill++) {
      const enough = writer.acknowledged.length + 20
      await eventually(() => expect(writer.acknowledged.length).toBeGreaterThan(enough))
      killed(pidOf(join(folder, 'postgres')))
    }
    const before = writer.acknowledged.length
    await eventually(() => expect(writer.acknowledged.length).toBeGreaterThan(before + 20))
    await writer.stop()
    const kept = new Set((await db.query(ALL)).map(({ n }) => n))
    expect(writer.acknowledged.filter((n) => !kept.has(n))).toEqual([])
    await db.close()
  })

  it('that was killed and lies as a zombie is waited for, not adopted', async () => {
    const folder = await seeded()
    const parent = await another(folder)
    await parent.next()
    const pid = pidOf(join(folder, 'postgres'))
    parent.child.kill('SIGSTOP')
    killed(pid)
    const next = await another(folder)
    // While its parent is stopped nobody takes the zombie away, and its number answers to signal 0.
    expect(() => process.kill(pid, 0)).not.toThrow()
    setTimeout(() => parent.child.kill('SIGCONT'), 700)
    const { url } = await next.next()
    expect(await execute(url ?? '', 'select 1 as one')).toEqual([{ one: 1 }])
    expect(pidOf(join(folder, 'postgres'))).not.toBe(pid)
  })

  it('is made once when two start it first at the same time', async () => {
    const folder = newFolder()
    const both = await Promise.all([another(folder), another(folder), another(folder)])
    const told = await Promise.all(both.map((one) => one.next()))
    expect(new Set(told.map(({ url, error }) => url ?? error)).size).toBe(1)
    expect(readdirSync(folder).sort()).toEqual(['postgres', 'postgres.log', 'socket'])
  })

  it('is made anew when a crash left it half made and the lock of a dead process', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'postgres.draft-4194305'))
    writeFileSync(join(folder, 'postgres.lock'), '4194305')
    await start(folder)
    expect(readdirSync(folder).sort()).toEqual(['postgres', 'postgres.log', 'socket'])
  })

  it('is not kept away by the number of a stranger, as after a restart of a container', async () => {
    const folder = await seeded()
    const first = await start(folder)
    const data = join(folder, 'postgres')
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    await first.stop()
    const stranger = await another(newFolder(), IS_ROOT ? NOBODY : undefined)
    writeFileSync(join(data, 'postmaster.pid'), [stranger.child.pid, ...lines.slice(1)].join('\n'))
    if (IS_ROOT) chownSync(join(data, 'postmaster.pid'), NOBODY.uid, NOBODY.gid)
    const { url } = await start(folder)
    expect(await execute(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('that is killed while it starts is told of in one sentence', async () => {
    const [folder, fake] = [await seeded(), join(newFolder(), 'native')]
    cpSync(installedBinaries().root, fake, { recursive: true, verbatimSymlinks: true })
    writeFileSync(join(fake, 'bin/postgres'), '#!/bin/sh\nkill -9 $$\n')
    const binaries = { ...installedBinaries(), root: fake }
    await expect(startEmbedded({ dataDir: folder, log: silentLog, binaries })).rejects.toThrow(
      /^the embedded PostgreSQL did not start: it was killed by SIGKILL while it was starting; somebody did, or the memory ran out: .* \(see \S+postgres\.log\)$/,
    )
  })

  it('in a place that is a file is refused in one sentence', async () => {
    const file = join(newFolder(), 'hub')
    writeFileSync(file, '')
    await expect(start(file)).rejects.toThrow(`${file} is a file: set EBIZNESS_DATA_DIR to a folder`)
    await expect(start(join(file, 'data'))).rejects.toThrow(
      `a part of ${join(file, 'data')} is a file and not a folder`,
    )
  })

  it('made by another release of PostgreSQL is refused in one sentence', async () => {
    const folder = await seeded()
    await (await start(folder)).stop()
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '16\n')
    await expect(start(folder)).rejects.toThrow(
      /was made by PostgreSQL 16, this is 17: export it with the former release first$/,
    )
  })

  it('finds a short place for its socket when the folder has a long name', async () => {
    const folder = join(newFolder(), 'a-long-name-'.repeat(8))
    mkdirSync(folder, { mode: 0o711 })
    const { url } = await start(folder)
    const sockets = new URL(url).searchParams.get('host') ?? ''
    folders.push(sockets)
    expect(sockets.length).toBeLessThan(100)
    expect(await execute(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

describe.runIf(IS_ROOT)('under root', { timeout: 180_000 }, () => {
  it('the server runs as nobody', async () => {
    const folder = await seeded()
    await start(folder)
    expect(statSync(join(folder, 'postgres')).uid).toBe(NOBODY.uid)
    expect(readFileSync(`/proc/${pidOf(join(folder, 'postgres'))}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534/m)
  })

  it('data in a folder that nobody may enter live elsewhere, which is said and found again', async () => {
    const [closed, elsewhere] = [newFolder(), newFolder()]
    chmodSync(closed, 0o700)
    const told: string[] = []
    const log: Log = { ...silentLog, info: (_fields, sentence) => told.push(sentence) }
    const dataDir = join(closed, 'hub')
    const first = await start(dataDir, { log, elsewhere: [elsewhere] })
    await execute(first.url, 'create table kept (n int)')
    await first.stop()
    const second = await start(dataDir, { log, elsewhere: [elsewhere] })
    expect(await execute(second.url, 'select count(*)::int as count from kept')).toEqual([{ count: 0 }])
    const [home] = readdirSync(elsewhere)
    expect(told).toContain(
      `${dataDir} cannot be entered by the user PostgreSQL runs as: the database lives in ${join(elsewhere, home ?? '')}`,
    )
  })

  it('programs in a folder that nobody may enter are copied, and their links made', async () => {
    const [closed, elsewhere] = [newFolder(), newFolder()]
    const root = join(closed, 'package', 'native')
    cpSync(installedBinaries().root, root, { recursive: true, verbatimSymlinks: true })
    for (const name of readdirSync(join(root, 'lib'))) {
      if (lstatSync(join(root, 'lib', name)).isSymbolicLink()) unlinkSync(join(root, 'lib', name))
    }
    chmodSync(closed, 0o700)
    const embedded = await startEmbedded({
      dataDir: await seeded(),
      log: silentLog,
      binaries: { ...installedBinaries(), root },
      elsewhere: [elsewhere],
    })
    started.push(embedded)
    expect(readdirSync(elsewhere)).toEqual([`postgresql-${installedBinaries().version}`])
    expect(await execute(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('another user starts and stops a database of their own', async () => {
    const folder = newFolder()
    chmodSync(folder, 0o777)
    const dataDir = join(folder, 'hub')
    const own = await another(dataDir, NOBODY)
    const { url, error } = await own.next()
    expect(error).toBeUndefined()
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    own.tell('stop')
    await own.next()
    expect(isRunning(join(dataDir, 'postgres'))).toBe(false)
    expect(url).toContain('socket')
  })

  it('another user is told which folder may not be written', async () => {
    const closed = newFolder()
    const stranger = await another(join(closed, 'hub'), NOBODY)
    expect((await stranger.next()).error).toBe(
      `the embedded database: ${join(closed, 'hub')} may not be entered or written by user 65534: give it to that user, or set EBIZNESS_DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own`,
    )
  })

  it('another user is told whose database it is', async () => {
    const folder = await seeded()
    const embedded = await start(folder)
    await embedded.stop()
    const stranger = await another(folder, { uid: 1, gid: 1 })
    expect((await stranger.next()).error).toMatch(
      /^the database in \S+ belongs to user 65534: start as that user or as root, or choose another data folder$/,
    )
  })
})

describe('without a build for the platform', () => {
  it('one sentence says what to do', () => {
    expect(() => installedBinaries('linux-riscv64')).toThrow(
      'no embedded PostgreSQL for linux-riscv64 is installed: set DATABASE_URL to a PostgreSQL 15 or newer',
    )
  })
})
