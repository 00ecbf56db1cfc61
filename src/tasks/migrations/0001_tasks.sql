-- Up Migration

create schema if not exists tasks;

-- What needs a person. Written in the transaction of the fact that raises or settles it, never deleted. Holds no personal data:
-- what a task is about is read where it belongs.
create table tasks.task (
  merchant text not null,
  id text not null,
  kind text not null,
  -- What it is about: a payment, an agreement, an address.
  subject text not null,
  -- Which of several things of one kind about one subject, e.g. a refund.
  part text not null default '',
  e_service text,
  opened_at timestamptz not null,
  closed_at timestamptz,
  -- A person's name, or `hub` where the facts settled it by themselves.
  closed_by text,
  closed_as text,
  note text,
  primary key (merchant, id),
  check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (closed_as is null))
);
-- One open task for each thing. Whoever meets one does nothing: no constraint may stand in the way of money.
create unique index task_open on tasks.task (merchant, subject, kind, part) where closed_at is null;
create index task_id on tasks.task (id);
create index task_open_id on tasks.task (id) where closed_at is null;
