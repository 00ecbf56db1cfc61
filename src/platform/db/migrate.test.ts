import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { silentLog } from '../log.ts'
import { statement } from './db.ts'
import { type MigratedModule, migrate } from './migrate.ts'

let fresh: FreshDatabase
let root: string

beforeEach(async () => {
  fresh = await freshDatabase()
  root = mkdtempSync(join(tmpdir(), 'ebz-migrations-'))
})
afterEach(async () => {
  rmSync(root, { recursive: true })
  await fresh.drop()
})

const moduleOf = (name: string, files: Readonly<Record<string, string>>): MigratedModule => {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  for (const [file, sql] of Object.entries(files)) writeFileSync(join(folder, file), sql)
  return { name, folder }
}
const ONE = { '0001_one.sql': 'create table shop.one (n int); insert into shop.one values (1)' }
const bring = (...modules: readonly MigratedModule[]) => migrate({ url: fresh.url, modules })
const read = (sql: string) => fresh.db.query(statement(sql.slice(0, 63), sql))

describe('migrating', () => {
  it('applies what is new, in order, once', async () => {
    expect(await bring(moduleOf('shop', ONE))).toEqual(['shop/0001_one'])
    expect(await bring(moduleOf('shop', ONE))).toEqual([])
    const more = moduleOf('shop', {
      '0003_three.sql': 'insert into shop.one select n + 100 from shop.one where n = 2',
      '0002_two.sql': 'update shop.one set n = 2',
    })
    expect(await bring(more)).toEqual(['shop/0002_two', 'shop/0003_three'])
    expect(await read('select n from shop.one order by n')).toEqual([{ n: 2 }, { n: 102 }])
  })

  it('keeps each module in its own schema, with its own list', async () => {
    await bring(moduleOf('shop', ONE), moduleOf('depot', { '0001_one.sql': 'create table depot.one (n int)' }))
    expect(await read('select name from shop.migration union all select name from depot.migration')).toEqual([
      { name: '0001_one' },
      { name: '0001_one' },
    ])
  })

  it('is done by one of several processes that start at once', async () => {
    const shop = moduleOf('shop', { '0001_one.sql': `${ONE['0001_one.sql']}; select pg_sleep(0.1)` })
    const done = await Promise.all([bring(shop), bring(shop), bring(shop), bring(shop)])
    expect(done.flat()).toEqual(['shop/0001_one'])
    expect(await read('select n from shop.one')).toEqual([{ n: 1 }])
  })

  it('applies a module’s files together or not at all, and says what is wrong', async () => {
    const broken = moduleOf('shop', { ...ONE, '0002_two.sql': 'create table shop.two (n nothing)' })
    await expect(bring(broken)).rejects.toThrow('type "nothing" does not exist')
    expect(await read(`select to_regclass('shop.one') as one`)).toEqual([{ one: null }])
    expect(await bring(moduleOf('shop', { '0002_two.sql': 'create table shop.two (n int)' }))).toHaveLength(2)
  })

  const INDEX = `drop index concurrently if exists shop.one_n;\ncreate index concurrently one_n on shop.one (n);\n`

  it('builds an index while others write, by one of several processes, and what follows comes after it', async () => {
    await bring(moduleOf('shop', ONE))
    const more = moduleOf('shop', {
      '0002_two-concurrently.sql': INDEX,
      '0003_three.sql': 'create table shop.three (n int)',
      '0004_four.sql': 'insert into shop.three values (4)',
    })
    const done = await fresh.db.tx(async (tx) => {
      await tx.query(statement('t.write', 'insert into shop.one values (2)'))
      const brought = Promise.all([bring(more), bring(more)])
      const waits = `select count(*)::int as many from pg_stat_activity
        where query like 'create index concurrently%' and wait_event_type = 'Lock' and datname = current_database()`
      await expect.poll(async () => await read(waits), { timeout: 10_000 }).toEqual([{ many: 1 }])
      // The index waits for our transaction; nobody waits for the index.
      await read(`insert into shop.one select 3 from set_config('lock_timeout', '1s', false)`)
      return { brought }
    })
    expect((await done.brought).flat()).toEqual(['shop/0002_two-concurrently', 'shop/0003_three', 'shop/0004_four'])
    expect(await read(`select indisvalid as valid from pg_index where indexrelid = 'shop.one_n'::regclass`)).toEqual([
      { valid: true },
    ])
    expect(await bring(more)).toEqual([])
  })

  it('builds an index again that an interrupted run left', async () => {
    await bring(moduleOf('shop', ONE))
    await read('create index one_n on shop.one (n)')
    expect(await bring(moduleOf('shop', { '0002_two-concurrently.sql': INDEX }))).toHaveLength(1)
  })

  it('leaves what a newer release added', async () => {
    await bring(moduleOf('shop', { ...ONE, '0002_two.sql': 'select 1' }))
    rmSync(join(root, 'shop', '0002_two.sql'))
    expect(await bring(moduleOf('shop', ONE))).toEqual([])
  })

  it('takes a module that keeps nothing yet', async () => {
    expect(await bring(moduleOf('empty', {}), { name: 'absent', folder: join(root, 'absent') })).toEqual([])
  })

  it('refuses a file whose name tells no order', async () => {
    await expect(bring(moduleOf('shop', { 'one.sql': 'select 1' }))).rejects.toThrow('call it 0001_what-it-does.sql')
  })

  const CHANGE = { '0002_two.sql': 'alter table shop.one add m int' }

  it('gives up on a table that stays in use, says so, and has changed nothing', async () => {
    await bring(moduleOf('shop', ONE))
    const change = moduleOf('shop', CHANGE)
    await fresh.db.tx(async (tx) => {
      await tx.query(statement('t.hold', 'select * from shop.one'))
      const brought = migrate({ url: fresh.url, modules: [change], patienceMs: 0 })
      await expect(brought).rejects.toThrow(
        'in use for long, by a dump or a long query: nothing of its module was changed',
      )
    })
    expect(await bring(change)).toEqual(['shop/0002_two'])
  })

  it('lets those who use the table go on while it waits for one that does not let go', {
    timeout: 60_000,
  }, async () => {
    await bring(moduleOf('shop', ONE))
    let refused = 0
    let letGo = (): void => {}
    const refusedTwice = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const warn = (): void => {
      refused++
      if (refused === 2) letGo()
    }
    let over = false
    const waitsMs: number[] = []
    const write = async (): Promise<void> => {
      while (!over) {
        const since = performance.now()
        await read('insert into shop.one values (2)')
        waitsMs.push(performance.now() - since)
      }
    }
    const since = performance.now()
    const held = fresh.db.tx(async (tx) => {
      await tx.query(statement('t.hold', 'select * from shop.one'))
      await refusedTwice
    })
    const load = Promise.all([write(), write(), write()])
    const brought = await migrate({
      url: fresh.url,
      modules: [moduleOf('shop', CHANGE)],
      log: { ...silentLog, warn },
    }).finally(() => {
      over = true
    })
    const tookMs = performance.now() - since
    await Promise.all([held, load])
    expect(brought).toEqual(['shop/0002_two'])
    // Two tries and two pauses: nobody waited for more than one try, and in the pauses everybody went on.
    expect(tookMs).toBeGreaterThan(2_500)
    expect(Math.max(...waitsMs)).toBeLessThan(tookMs / 2)
    expect(waitsMs.length).toBeGreaterThan(20)
  })
})
