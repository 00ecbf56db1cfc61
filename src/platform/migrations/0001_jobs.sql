-- Up Migration

create schema if not exists platform;

-- Work to be done at a time. One row per (kind, key); gone when done.
create table platform.job (
  kind text not null,
  key text not null,
  run_at timestamptz not null,
  payload jsonb,
  -- Runs since it was last set or went well.
  tries integer not null default 0,
  -- Whoever claimed it last holds this number; only that one may finish it.
  fence bigint,
  leased_until timestamptz,
  -- Set again while it ran: the finishing write leaves it alone.
  moved boolean not null default false,
  primary key (kind, key)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index job_due on platform.job (kind, run_at);
