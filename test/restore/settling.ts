import { setTimeout as pause } from 'node:timers/promises'
import type { Embedded } from '../../src/platform/db/embedded.ts'
import type { World } from '../../src/sandbox/index.ts'
import { execute } from '../support/test-server.ts'
import { type Asked, allPayments } from '../torture/feed.ts'
import { type Books, compareBooks, type Evidence } from './books.ts'

/** The end: looks into the restored database and the banks until nothing is missing, or for long enough. */

const SETTLE_MS = 90_000
const SETTLE_PAUSE_MS = 1_000

type Settling = {
  readonly asked: Asked
  readonly world: World
  readonly server: Embedded
  /** By the banks' clock. */
  readonly servedFrom: number
  readonly known: Pick<Evidence, 'told' | 'kept' | 'keptRefunds' | 'executedThen' | 'heard' | 'askedBack'>
}

export const settle = async ({ asked, world, server, servedFrom, known }: Settling) => {
  const end = performance.now() + SETTLE_MS
  for (;;) {
    const parked = await parkedIn(server)
    const compared = compareBooks({
      ...{ ...known, orders: world.orders(), payments: await allPayments(asked) },
      ...{ unanswered: await unanswered(server), tasks: await tasksIn(server) },
      ...{ parked: new Set(parked.flatMap(({ tells }) => tells)), toldSince: toldSince(world, servedFrom) },
    })
    const unwatched = parked.filter(({ isWatched }) => !isWatched).map(({ id }) => `${id} is parked, and has no job`)
    const books: Books = { ...compared, breaches: [...compared.breaches, ...unwatched] }
    if (books.breaches.length === 0 || performance.now() > end) return { books, parked: parked.length }
    await pause(SETTLE_PAUSE_MS)
  }
}

export const executedIn = async ({ url }: Embedded): Promise<ReadonlySet<string>> => {
  const rows = await execute<{ readonly id: string }>(url, `select id from payments.payment where status = 'executed'`)
  return new Set(rows.map(({ id }) => id))
}

const unanswered = async ({ url }: Embedded): Promise<ReadonlySet<string>> => {
  const rows = await execute<{ readonly number: string }>(
    url,
    `select number from payments.attempt where agreement like '%sandbox' and kept = '{}'`,
  )
  return new Set(rows.map(({ number }) => number))
}

const tasksIn = ({ url }: Embedded): Promise<Evidence['tasks']> =>
  execute<Evidence['tasks'][number]>(url, 'select kind, subject, part from tasks.task where closed_at is null')

/** Of each message that is parked: what it tells of, and whether its job will give it to a person. */
const parkedIn = ({ url }: Embedded) =>
  execute<{ readonly id: string; readonly tells: readonly string[]; readonly isWatched: boolean }>(
    url,
    `select id,
       array(select agreement || ' ' || (reading -> 'about' ->> 'number') from jsonb_array_elements(readings) reading
             where reading -> 'about' ? 'number') as tells,
       exists (select 1 from platform.job where kind = 'payments.parked' and key = merchant || '/' || message.id) as "isWatched"
     from payments.message where verdict = 'parked'`,
  )

/** Orders of which a bank's message was taken since then. */
const toldSince = (world: World, servedFrom: number): ReadonlySet<string> =>
  new Set(
    world
      .sent()
      .filter(({ at, answer }) => at >= servedFrom && answer === 200)
      .map(({ channel, order }) => `${channel} ${order}`),
  )
