import { newId, type Random } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { at, type Queryable, statement } from '../platform/db/db.ts'
import { BY_ITSELF, type Closing, type Subject, type Task, type Wanted } from './task.ts'

/** All SQL of the tasks module. */

const SET = statement(
  'tasks.set',
  `with closed as (
     update tasks.task set closed_at = $7, closed_by = $8, closed_as = $9, note = $10
     where merchant = $1 and subject = $2 and kind = any ($4) and closed_at is null
       and not exists (select from unnest($5::text[], $6::text[]) as wanted (kind, part)
         where wanted.kind = task.kind and wanted.part = task.part))
   insert into tasks.task (merchant, id, kind, subject, part, e_service, opened_at)
   select $1, wanted.id, wanted.kind, $2, wanted.part, $3, $7
   from unnest($5::text[], $6::text[], $11::text[]) as wanted (kind, part, id)
   on conflict (merchant, subject, kind, part) where closed_at is null do nothing`,
)

/** Makes the open tasks of a subject, of the kinds that the caller speaks for, exactly these. */
export const setTasks = async (
  tx: Queryable,
  random: Random,
  { merchant, subject, eService }: Subject,
  kinds: readonly string[],
  wanted: readonly Wanted[],
  { by, as, note }: Closing,
  now: Instant,
): Promise<void> => {
  const ids = wanted.map(() => newId('tsk', now, random))
  const [names, parts] = [wanted.map(({ kind }) => kind), wanted.map(({ part }) => part)]
  await tx.query(SET, [merchant, subject, eService ?? null, kinds, names, parts, at(now), by, as, note, ids])
}

const TASK = `select merchant, id, kind, subject, part, e_service as "eService", opened_at as "openedAt", closed_at as "closedAt",
  closed_by as "by", closed_as as "as", note from tasks.task`

type Row = Omit<Task, 'closed'> & { readonly closedAt: Instant | null } & {
  readonly [Name in keyof Closing]: Closing[Name] | null
}
const taskOf = ({ closedAt, by, as, note, ...task }: Row): Task => ({
  ...task,
  closed: closedAt === null ? null : { at: closedAt, by: by ?? '', as: as ?? '', note: note ?? '' },
})

const FIND = statement<Row>('tasks.find', `${TASK} where id = $1`)
export const findTask = async (db: Queryable, id: string): Promise<Task | undefined> =>
  (await db.query(FIND, [id])).map(taskOf)[0]

const LAST_RULED = statement<{ readonly at: Instant | null }>(
  'tasks.last-ruled',
  `select max(closed_at) as at from tasks.task where merchant = $1 and subject = $2 and kind = $3 and closed_as <> $4`,
)
/** When a person last ruled a task of this kind. */
export const lastRuled = async (
  db: Queryable,
  { merchant, subject }: Subject,
  kind: string,
): Promise<Instant | undefined> =>
  (await db.query(LAST_RULED, [merchant, subject, kind, BY_ITSELF.as]))[0]?.at ?? undefined

export type ListFilter = {
  readonly merchant?: string | undefined
  readonly kind?: string | undefined
  readonly subject?: string | undefined
  /** Those that are closed too. */
  readonly all: boolean
  /** Tasks after this one. */
  readonly after?: string | undefined
  readonly limit: number
}

const LISTED = `($1::text is null or merchant = $1) and ($2::text is null or kind = $2) and ($5::text is null or subject = $5)
  and id > $3 order by id limit $4`
const LIST_OPEN = statement<Row>('tasks.list-open', `${TASK} where closed_at is null and ${LISTED}`)
const LIST_ALL = statement<Row>('tasks.list-all', `${TASK} where ${LISTED}`)

/** Oldest first: an id begins with its time. */
export const listTasks = async (db: Queryable, filter: ListFilter): Promise<readonly Task[]> => {
  const { merchant = null, kind = null, subject = null, after = '', all, limit } = filter
  return (await db.query(all ? LIST_ALL : LIST_OPEN, [merchant, kind, after, limit, subject])).map(taskOf)
}

/** More tasks of a few kinds than anyone works on at once. */
const MOST_OPEN = 1_000
const OPEN_OF = statement<Row>(
  'tasks.open-of',
  `${TASK} where closed_at is null and kind = any ($1) order by id limit $2`,
)
export const openOf = async (db: Queryable, kinds: readonly string[]): Promise<readonly Task[]> =>
  (await db.query(OPEN_OF, [kinds, MOST_OPEN])).map(taskOf)

/** More than this is told as this: a count for a page that is read every few seconds must not walk a long list. */
const COUNTED_AT_MOST = 10_000

export type OpenTasks = { readonly kind: string; readonly count: number }
const COUNT = statement<OpenTasks>(
  'tasks.count',
  `select kind, count(*)::int as count from (select kind from tasks.task where closed_at is null limit $1) as waiting
   group by kind`,
)
export const countOpen = (db: Queryable): Promise<readonly OpenTasks[]> => db.query(COUNT, [COUNTED_AT_MOST])
