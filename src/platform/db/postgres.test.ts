import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { parseInstant } from '../../kernel/time.ts'
import { at, DatabaseAway, statement } from './db.ts'
import { openDb } from './postgres.ts'
import { afterCommit } from './transactions.ts'

let fresh: FreshDatabase

beforeAll(async () => {
  fresh = await freshDatabase()
  await fresh.db.query(statement('t.table', 'create table account (id text primary key, amount bigint not null)'))
})
afterAll(async () => fresh.drop())

const PUT = statement('t.put', 'insert into account values ($1, $2)')
const GET = statement<{ amount: number }>('t.get', 'select amount from account where id = $1')
const ADD = statement('t.add', 'update account set amount = amount + $2 where id = $1')
const CUT = statement('t.cut', 'select pg_terminate_backend(pg_backend_pid())')

const amountOf = async (id: string) => (await fresh.db.query(GET, [id]))[0]?.amount

describe('values', () => {
  it.each<[string, string, unknown]>([
    [
      'a moment, to the millisecond',
      `timestamptz '2026-11-23 10:00:00.123456+02'`,
      parseInstant('2026-11-23T08:00:00.123Z'),
    ],
    ['a moment before summer time', `timestamptz '1985-01-01 00:00:00+03'`, parseInstant('1984-12-31T21:00:00Z')],
    ['no moment', 'null::timestamptz', null],
    ['moments', `array['2026-01-01Z'::timestamptz, null]`, [parseInstant('2026-01-01T00:00:00Z'), null]],
    ['a large integer', '9007199254740991::bigint', 9_007_199_254_740_991],
    ['integers', 'array[1, null, 3]::bigint[]', [1, null, 3]],
    ['no integers', `'{}'::bigint[]`, []],
    ['json', `'{"a": [1, "b"]}'::jsonb`, { a: [1, 'b'] }],
    ['bytes', `'\\x00ff'::bytea`, new Uint8Array([0, 255])],
    ['a day', `date '2026-11-23'`, '2026-11-23'],
    ['an exact decimal', '12.30::numeric', '12.30'],
    ['texts', `array['a', 'b,c']`, ['a', 'b,c']],
  ])('reads %s', async (name, sql, expected) => {
    const rows = await fresh.db.query(statement<{ value: unknown }>(`t.value ${name}`, `select ${sql} as value`))
    expect(rows).toEqual([{ value: expected }])
  })

  it('refuses an integer that a number cannot hold', async () => {
    await expect(fresh.db.query(statement('t.big', 'select 9007199254740993::bigint as value'))).rejects.toThrow(
      'larger than',
    )
  })

  it('reads moments alike in every zone the server may write them in', async () => {
    const moment = parseInstant('2026-11-23T08:00:00.123Z') ?? 0
    for (const zone of ['UTC', 'Europe/Riga', 'Asia/Kathmandu', 'America/St_Johns']) {
      const read = await fresh.db.tx(async (tx) => {
        await tx.query(statement(`t.zone ${zone}`, `set local timezone = '${zone}'`))
        return tx.query(statement<{ value: number }>('t.moment', 'select $1::timestamptz as value'), [at(moment)])
      })
      expect(read).toEqual([{ value: moment }])
    }
  })

  it('writes bytes as bytes', async () => {
    const bytes = new Uint8Array([1, 2, 250])
    const rows = await fresh.db.query(statement<{ value: unknown }>('t.bytes', 'select $1::bytea as value'), [bytes])
    expect(rows).toEqual([{ value: bytes }])
  })
})

describe('a transaction', () => {
  it('is kept whole', async () => {
    await fresh.db.tx(async (tx) => {
      await tx.query(PUT, ['whole', 1])
      await tx.query(ADD, ['whole', 41])
    })
    expect(await amountOf('whole')).toBe(42)
  })

  it('is undone when its work throws, and tells that error', async () => {
    const work = fresh.db.tx(async (tx) => {
      await tx.query(PUT, ['undone', 1])
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await amountOf('undone')).toBeUndefined()
  })

  it('is not reported as done when the work hid the failure of a statement', async () => {
    const work = fresh.db.tx(async (tx) => {
      await tx.query(PUT, ['hidden', 1])
      await tx.query(PUT, ['hidden', 2]).catch(() => {})
    })
    await expect(work).rejects.toThrow('duplicate key')
    expect(await amountOf('hidden')).toBeUndefined()
  })

  it('tells of statements sent together which one failed, and keeps the connection usable', async () => {
    const work = fresh.db.tx((tx) =>
      Promise.all([tx.query(PUT, ['together', 1]), tx.query(PUT, ['together', 2]), tx.query(ADD, ['together', 1])]),
    )
    await expect(work).rejects.toThrow('duplicate key')
    expect(await amountOf('together')).toBeUndefined()
  })

  it('ends with its first failed statement, though nobody waits for those sent after it', async () => {
    const work = fresh.db.tx(async (tx) => {
      const first = tx.query(statement('t.unanswered', 'select 1 / 0'))
      tx.query(PUT, ['unanswered', 1])
      await first
    })
    await expect(work).rejects.toThrow('division by zero')
    expect(await amountOf('unanswered')).toBeUndefined()
  })

  it('is at READ COMMITTED', async () => {
    const rows = await fresh.db.tx((tx) => tx.query(statement('t.level', 'show transaction_isolation')))
    expect(rows).toEqual([{ transaction_isolation: 'read committed' }])
  })

  it('cannot be used once it has ended', async () => {
    const kept = await fresh.db.tx(async (tx) => tx)
    await expect(kept.query(GET, ['whole'])).rejects.toThrow('had ended')
  })

  it('runs again after a deadlock, until both are done', async () => {
    await fresh.db.query(PUT, ['left', 0])
    await fresh.db.query(PUT, ['right', 0])
    let bothHold: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      bothHold = resolve
    })
    let holding = 0
    let runs = 0
    const add = (first: string, second: string) =>
      fresh.db.tx(async (tx) => {
        runs++
        await tx.query(ADD, [first, 1])
        if (++holding === 2) bothHold()
        await held
        await tx.query(ADD, [second, 1])
      })
    await Promise.all([add('left', 'right'), add('right', 'left')])
    // One at least has run again; on a busy machine the two may meet a second time.
    expect(runs).toBeGreaterThanOrEqual(3)
    expect([await amountOf('left'), await amountOf('right')]).toEqual([2, 2])
  })

  it('runs again when it could not be put in order with others', async () => {
    let runs = 0
    await fresh.db.tx(async (tx) => {
      runs++
      if (runs < 3) await tx.query(statement('t.serial', `do $$ begin raise sqlstate '40001'; end $$`))
      await tx.query(PUT, ['ordered', runs])
    })
    expect(await amountOf('ordered')).toBe(3)
  })

  it('runs again, with one effect, when the connection was lost before commit', async () => {
    let runs = 0
    await fresh.db.tx(async (tx) => {
      runs++
      await tx.query(PUT, ['lost', runs])
      if (runs === 1) await tx.query(CUT)
    })
    expect(runs).toBe(2)
    expect(await amountOf('lost')).toBe(2)
  })

  it('runs again when the connection was lost unseen', async () => {
    let runs = 0
    await fresh.db.tx(async (tx) => {
      runs++
      await tx.query(PUT, ['unseen', runs])
      if (runs === 1) await tx.query(CUT).catch(() => {})
    })
    expect(await amountOf('unseen')).toBe(2)
  })

  it('is given up when its connection is lost every time', async () => {
    await expect(fresh.db.tx((tx) => tx.query(CUT))).rejects.toMatchObject({ name: 'DatabaseAway' })
  })

  it('is unknown when the connection is lost while it is committed', async () => {
    await fresh.db.query(statement('t.cutter', 'create table cutter (id int primary key)'))
    await fresh.db.query(
      statement(
        't.function',
        `create function cut() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
      ),
    )
    await fresh.db.query(
      statement(
        't.trigger',
        'create constraint trigger cut after insert on cutter deferrable initially deferred for each row execute function cut()',
      ),
    )
    let runs = 0
    const work = fresh.db.tx(async (tx) => {
      runs++
      await tx.query(statement('t.into', 'insert into cutter values (1)'))
    })
    await expect(work).rejects.toMatchObject({ name: 'CommitUnknown' })
    expect(runs).toBe(1)
  })

  it('for which the disk has no room tells that the database is away, once, and keeps its connection', async () => {
    const FULL = statement('t.full', `do $$ begin raise 'no space left' using errcode = 'disk_full'; end $$`)
    const WHO = statement<{ pid: number }>('t.who', 'select pg_backend_pid() as pid')
    const db = await openDb({ url: fresh.url, poolSize: 1 })
    const [before] = await db.query(WHO)
    let runs = 0
    const work = db.tx(async (tx) => {
      runs++
      await tx.query(PUT, ['full', 1])
      await tx.query(FULL)
    })
    await expect(work).rejects.toBeInstanceOf(DatabaseAway)
    await expect(db.query(FULL)).rejects.toBeInstanceOf(DatabaseAway)
    expect([runs, await amountOf('full')]).toEqual([1, undefined])
    expect(await db.query(WHO)).toEqual([before])
    await db.close()
  })

  it('refused at commit is surely undone, and tells why', async () => {
    await fresh.db.query(
      statement('t.deferred', 'create table deferred (id int, unique (id) deferrable initially deferred)'),
    )
    const work = fresh.db.tx((tx) => tx.query(statement('t.twice', 'insert into deferred values (1), (1)')))
    await expect(work).rejects.toMatchObject({ code: '23505' })
  })

  it('lets what follows happen after commit, and only then', async () => {
    const seen: (number | undefined)[] = []
    await fresh.db.tx(async (tx) => {
      await tx.query(PUT, ['after', 7])
      afterCommit(tx, () => seen.push(1))
      expect(seen).toEqual([])
    })
    expect(seen).toEqual([1])
    await fresh.db
      .tx(async (tx) => {
        afterCommit(tx, () => seen.push(2))
        throw new Error('no')
      })
      .catch(() => {})
    expect(seen).toEqual([1])
  })
})

describe('a statement of its own', () => {
  it('is repeated when it only reads and its answer was lost', async () => {
    await fresh.db.query(statement('t.runs', 'create sequence runs'))
    await fresh.db.query(
      statement(
        't.cut-first',
        `create function run() returns bigint language plpgsql as $$ begin
           perform case when nextval('runs') = 1 then pg_terminate_backend(pg_backend_pid()) end;
           return (select last_value from runs);
         end $$`,
      ),
    )
    expect(await fresh.db.query(statement('t.run', 'select run() as runs'))).toEqual([{ runs: 2 }])
  })

  it('is unknown when it writes and its answer was lost', async () => {
    const write = statement(
      't.gone',
      `with w as (insert into account values ('gone', 1)) select pg_terminate_backend(pg_backend_pid())`,
    )
    await expect(fresh.db.query(write)).rejects.toMatchObject({ name: 'CommitUnknown' })
  })
})

describe('through a pooler of transactions', () => {
  it('nothing is prepared and limits are set by each transaction', async () => {
    const db = await openDb({ url: `${fresh.url}&prepare=off`, statementTimeoutMs: 4_321 })
    const prepared = await db.tx(async (tx) => {
      await tx.query(GET, ['whole'])
      return tx.query(
        statement<{ count: number; timeout: string }>(
          't.prepared',
          `select count(*)::int as count, current_setting('statement_timeout') as timeout from pg_prepared_statements`,
        ),
      )
    })
    expect(prepared).toEqual([{ count: 0, timeout: '4321ms' }])
    await db.close()
  })
})

describe('limits', () => {
  it('end a statement behind a held lock as one of a database that is away, once, with nothing done', async () => {
    const db = await openDb({ url: fresh.url, poolSize: 1, statementTimeoutMs: 100 })
    let runs = 0
    await fresh.db.query(PUT, ['held', 1])
    await fresh.db.tx(async (tx) => {
      await tx.query(ADD, ['held', 1])
      const waits = db.tx(async (other) => {
        runs++
        await other.query(PUT, ['undone', 1])
        await other.query(ADD, ['held', 10])
      })
      const busy = { name: 'DatabaseAway', isBusy: true, cause: { code: '57014' } }
      await expect(waits).rejects.toMatchObject({ ...busy, message: expect.stringContaining(`ended ${ADD.name}:`) })
      const single = db.query(ADD, ['held', 100])
      await expect(single).rejects.toMatchObject({ ...busy, message: expect.stringContaining(`ended ${ADD.name}:`) })
    })
    expect([runs, await amountOf('held'), await amountOf('undone')]).toEqual([1, 2, undefined])
    await db.query(ADD, ['held', 40])
    expect(await amountOf('held')).toBe(42)
    await db.close()
  })

  it('tell that the database is busy when every connection stays in use', async () => {
    const db = await openDb({ url: fresh.url, poolSize: 1, connectTimeoutMs: 100 })
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let hold: () => void = () => {}
    const holding = new Promise<void>((resolve) => {
      hold = resolve
    })
    const first = db.tx(() => {
      hold()
      return held
    })
    await holding
    const second = expect(db.query(GET, ['whole'])).rejects.toMatchObject({ name: 'DatabaseAway', isBusy: true })
    // Callers queue up in their own turn.
    while (db.usage().waiting === 0) await Promise.resolve()
    expect(db.usage()).toEqual({ used: 1, idle: 0, waiting: 1, most: 1 })
    await second
    release()
    await first
    expect(await db.query(GET, ['whole'])).toEqual([{ amount: 42 }])
    expect(db.usage()).toEqual({ used: 0, idle: 1, waiting: 0, most: 1 })
    await db.close()
  })
})

describe('clocks', () => {
  it('are compared to a few milliseconds', async () => {
    expect(Math.abs(await fresh.db.clockSkewMs())).toBeLessThan(500)
  })

  it('that differ are told apart', async () => {
    const behind = await openDb({ url: fresh.url, clock: { now: () => parseInstant('2020-01-01T00:00:00Z') ?? 0 } })
    expect(await behind.clockSkewMs()).toBeGreaterThan(86_400_000)
    await behind.close()
  })
})

describe('listening', () => {
  const notify = () => fresh.db.query(statement('t.notify', 'notify door'))
  const bell = () => {
    let ring: () => void = () => {}
    let rung = new Promise<void>((resolve) => {
      ring = resolve
    })
    return {
      ring: () => ring(),
      next: async () => {
        await rung
        rung = new Promise((resolve) => {
          ring = resolve
        })
      },
    }
  }

  it('hears NOTIFY, and again after its connection was lost', async () => {
    const heard = bell()
    const stop = await fresh.db.listen('door', heard.ring)
    await notify()
    await heard.next()
    await fresh.db.query(
      statement(
        't.cut-listener',
        `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen "door"' and datname = current_database()`,
      ),
    )
    // What was said meanwhile was not heard: it calls back once when it is back.
    await heard.next()
    await notify()
    await heard.next()
    await stop()
  })
})
