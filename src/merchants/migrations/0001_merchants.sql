-- The personalisation database: who uses the hub and how. Small and read whole, so what is only ever read whole is one jsonb `body`.
create schema if not exists merchants;

-- One row: raised by every change, so that each node sees in one read whether its picture is still the newest. Whoever changes
-- anything locks it first.
create table merchants.revision (
  only_one boolean primary key default true check (only_one),
  revision bigint not null,
  changed_at timestamptz not null
);
insert into merchants.revision (revision, changed_at) values (0, now());

create table merchants.merchant (
  merchant text not null,
  body jsonb not null,
  changed_at timestamptz not null,
  primary key (merchant)
);

create table merchants.agreement (
  merchant text not null,
  agreement text not null,
  channel text not null,
  body jsonb not null,
  logo_type text,
  logo bytea,
  pause jsonb,
  retired boolean not null,
  changed_at timestamptz not null,
  primary key (merchant, agreement),
  check ((logo is null) = (logo_type is null))
);

-- A key that was taken out stays as a row; what it could still sign with is destroyed, a public key stays for evidence.
create table merchants.agreement_key (
  merchant text not null,
  agreement text not null,
  key text not null,
  name text not null,
  kind text not null check (kind in ('private', 'public', 'secret', 'client')),
  valid_from timestamptz,
  valid_to timestamptz,
  fingerprint text,
  not_after timestamptz,
  sealed text,
  taken_out_at timestamptz,
  primary key (merchant, agreement, key),
  check (taken_out_at is not null or sealed is not null)
);

create table merchants.e_service (
  merchant text not null,
  e_service text not null,
  mode text not null check (mode in ('test', 'live')),
  body jsonb not null,
  logo_type text,
  logo bytea,
  retired boolean not null,
  changed_at timestamptz not null,
  primary key (merchant, e_service),
  check ((logo is null) = (logo_type is null))
);

create table merchants.api_key (
  merchant text not null,
  key text not null,
  e_service text not null,
  name text not null,
  scopes jsonb not null,
  hash bytea not null check (length(hash) = 32),
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (merchant, key)
);
