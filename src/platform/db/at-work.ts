import { type Queryable, statement } from './db.ts'

/** What a hub at work is called in the server's list of connections; commands are called otherwise. */
export const AT_WORK = 'ebizness at work'

const CONNECTIONS = statement<{ readonly connections: number }>(
  'db.at_work',
  `select count(*)::int as connections from pg_stat_activity
   where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()`,
)

/** Whether a hub serves or works on this database now. Any role may see it; behind a pooler the name may be missing. */
export const isAtWork = async (db: Queryable): Promise<boolean> => {
  const [row] = await db.query(CONNECTIONS, [AT_WORK])
  return (row?.connections ?? 0) > 0
}
