import pg from 'pg'

/** One row that was written, by whichever module, and the transaction that did it. */
export type Written = {
  readonly tx: string
  /** `payments.payment` */
  readonly table: string
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE'
  readonly row: Readonly<Record<string, unknown>>
  /** Before it was updated. */
  readonly was: Readonly<Record<string, unknown>> | null
}

/** A member of what was written as JSON. */
export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined

export type Ledger = {
  /** What was written since this was asked last, oldest first. */
  written(): Promise<readonly Written[]>
  close(): Promise<void>
}

const NOTE = `
create schema hostile;
create unlogged table hostile.written (
  n bigint generated always as identity, tx bigint, "table" text, op text, "row" jsonb, was jsonb
);
create function hostile.note() returns trigger language plpgsql as $$
begin
  insert into hostile.written (tx, "table", op, "row", was)
  values (txid_current(), tg_table_schema || '.' || tg_table_name, tg_op,
    case when tg_level = 'STATEMENT' then '{}' when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end,
    case when tg_level = 'ROW' and tg_op = 'UPDATE' then to_jsonb(old) end);
  return null;
end $$;
do $$
declare t record;
begin
  for t in select schemaname, tablename from pg_tables
    where schemaname not in ('hostile', 'information_schema') and schemaname not like 'pg%'
  loop
    execute format('create trigger note after insert or update or delete on %I.%I for each row execute function hostile.note()',
      t.schemaname, t.tablename);
    execute format('create trigger note_all after truncate on %I.%I for each statement execute function hostile.note()',
      t.schemaname, t.tablename);
  end loop;
end $$;`

/** From now on the database itself notes each row that is written in it, in every table of every module. */
export const openLedger = async (url: string): Promise<Ledger> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(NOTE)
  return {
    written: async () => {
      const { rows } = await client.query<Written & { n: string }>(
        'with gone as (delete from hostile.written returning *) select * from gone order by n',
      )
      return rows
    },
    close: () => client.end(),
  }
}
