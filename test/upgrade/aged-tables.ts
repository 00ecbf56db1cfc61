import { setTimeout as pause } from 'node:timers/promises'
import { execute } from '../support/test-server.ts'

/**
 * Tables of years: what a migration holds for milliseconds while one is nearly empty it may hold for minutes there. Fills them, and watches
 * who waits for one.
 */

/** By table: rows that a hub leaves behind, of a merchant of their own, of whom nothing is due any more. */
const ROWS: Readonly<Record<string, string>> = {
  'payments.payment': `
    insert into payments.payment (merchant, id, e_service, mode, reference, amount_minor, currency, pay_token, details, status,
      holds_reference, sequence, created_at, changed_at)
    select 'archive', 'pay_' || n, 'archive', 'test', 'A-' || n, 1200, 'EUR', md5(n::text),
      jsonb_build_object('description', jsonb_build_object('lv', repeat('Nodoklis ', 10)), 'returnUrl', 'https://shop.example/back',
        'metadata', jsonb_build_object('bill', md5('bill' || n))),
      'executed', true, 3, at, at`,
  'payments.message': `
    insert into payments.message (merchant, id, agreement, payment, attempt, direction, purpose, at, method, url, headers, body, peer,
      status, readings, verdict)
    select 'archive', 'msg_' || n, 'archive', 'pay_' || n, 'att_' || n, 'in', 'notice', at, 'POST', '/psp/archive/archive/notice',
      '{"content-type": "application/json"}', convert_to(repeat(md5(n::text), 20), 'UTF8'), '', null, '[]', 'trusted'`,
  'notices.event': `
    insert into notices.event (merchant, id, e_service, subject, sequence, type, at, body)
    select 'archive', 'evt_' || n, 'archive', 'pay_' || n, 1, 'payment.executed', at, repeat(md5(n::text), 40)`,
  'notices.dispatch': `
    insert into notices.dispatch (merchant, address, event, e_service, subject, sequence, since, due_at, step)
    select 'archive', 'archive', 'evt_' || n, 'archive', 'pay_' || n, 1, at, now() + interval '30 days', 9`,
  'notices.gave_up': `
    insert into notices.gave_up (merchant, address, event, e_service, at)
    select 'archive', 'archive', 'evt_' || n, 'archive', at`,
  'tasks.task': `
    insert into tasks.task (merchant, id, kind, subject, e_service, opened_at, closed_at, closed_by, closed_as)
    select 'archive', 'task_' || n, 'stuck', 'pay_' || n, 'archive', at, at, 'hub', 'settled'`,
}

/** So many rows in each of these tables. Returns how long it took. Throws where one has none to be filled with. */
export const fill = async (url: string, tables: readonly string[], rows: number): Promise<number> => {
  const since = performance.now()
  for (const table of tables) {
    const insert = ROWS[table]
    if (insert === undefined)
      throw new Error(`a migration changes ${table}: say in test/upgrade/aged-tables.ts what rows it is full of`)
    await execute(
      url,
      `${insert} from (select n, now() - n * interval '1 minute' as at from generate_series(1, ${rows}) n) made`,
    )
    await execute(url, `analyze ${table}`)
  }
  return performance.now() - since
}

/** Who reads or writes rows and must wait for the table: only a change of that table holds it so. */
const LONGEST = `
  select coalesce(max(extract(epoch from clock_timestamp() - waitstart) * 1000), 0)::float8 as ms from pg_locks
  where locktype = 'relation' and not granted and mode in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')`
const LOOK_EVERY_MS = 50

/** Looks again and again until stopped; returns how long anybody was seen to wait for a table. */
export const watchLocks = (url: string): { stop(): Promise<number> } => {
  let longestMs = 0
  let over = false
  const watch = async (): Promise<void> => {
    while (!over) {
      const [seen] = await execute<{ readonly ms: number }>(url, LONGEST)
      longestMs = Math.max(longestMs, seen?.ms ?? 0)
      await pause(LOOK_EVERY_MS)
    }
  }
  const watched = watch()
  // Told by whoever stops it.
  watched.catch(() => {})
  return {
    stop: async () => {
      over = true
      await watched
      return longestMs
    },
  }
}
