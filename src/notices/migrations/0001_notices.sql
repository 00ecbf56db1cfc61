-- Up Migration

create schema if not exists notices;

-- What e-services must hear, as it was fixed when it happened. Never changed.
create table notices.event (
  merchant text not null,
  id text not null,
  e_service text not null,
  subject text not null,
  sequence integer not null check (sequence > 0),
  type text not null,
  at timestamptz not null,
  body text not null,
  primary key (id, merchant)
);
create unique index event_of_subject on notices.event (e_service, subject, sequence, merchant);

-- Committed, and not yet in the feed. Written beside the event, so that the event itself is never rewritten.
create table notices.unplaced (
  merchant text not null,
  event text not null,
  e_service text not null,
  subject text not null,
  sequence integer not null,
  at timestamptz not null,
  primary key (event, merchant)
);
create index unplaced_oldest on notices.unplaced (at);
create index unplaced_subject on notices.unplaced (subject, merchant);

-- The last position given. Whoever holds this row gives the next ones: positions become visible in their order, without a gap.
create table notices.frontier (
  only_row boolean not null primary key default true check (only_row),
  position bigint not null
);
insert into notices.frontier (position) values (0);

create table notices.feed (
  merchant text not null,
  e_service text not null,
  position bigint not null,
  event text not null,
  primary key (e_service, position, merchant)
);

create table notices.address (
  merchant text not null,
  e_service text not null,
  id text not null,
  url text not null,
  made_at timestamptz not null,
  disabled_at timestamptz,
  -- `removed`: by whoever configures the e-service; `gone`: it answered 410.
  disabled_because text check (disabled_because in ('removed', 'gone')),
  primary key (id, merchant),
  unique (e_service, url, merchant),
  check ((disabled_at is null) = (disabled_because is null))
);

-- Both keys of an address in one sealed text. Several may sign at once while they are changed.
create table notices.signing_key (
  merchant text not null,
  address text not null,
  id text not null,
  sealed text not null,
  made_at timestamptz not null,
  ends_at timestamptz,
  primary key (address, id, merchant)
);

-- One event still owed to one address; gone once acknowledged. Whoever claims it moves `due_at` past its lease and raises `claims`,
-- which fences the finishing write.
create table notices.dispatch (
  merchant text not null,
  address text not null,
  event text not null,
  e_service text not null,
  subject text not null,
  sequence integer not null,
  since timestamptz not null,
  due_at timestamptz not null,
  claims integer not null default 0,
  -- Place on the ladder of retries.
  step integer not null default 0,
  -- Sent again on request: holds no later one back.
  again boolean not null default false,
  primary key (event, address, merchant)
);
create index dispatch_due on notices.dispatch (address, due_at);
create index dispatch_order on notices.dispatch (address, subject, sequence);

-- Every sending, with what came back.
create table notices.delivery (
  merchant text not null,
  event text not null,
  address text not null,
  claim integer not null,
  at timestamptz not null,
  status integer,
  answer text not null,
  took_ms integer not null,
  primary key (event, address, at, claim, merchant)
);

-- Thirty days without an acknowledgement: a task for a person.
create table notices.gave_up (
  merchant text not null,
  address text not null,
  event text not null,
  e_service text not null,
  at timestamptz not null,
  primary key (event, address, merchant)
);
