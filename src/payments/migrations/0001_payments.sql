-- Up Migration

create schema if not exists payments;

-- The row is what is queried; the facts beside it are what is true.
create table payments.payment (
  merchant text not null,
  id text not null,
  e_service text not null,
  mode text not null check (mode in ('test', 'live')),
  reference text not null check (length(reference) between 1 and 35),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null check (length(currency) = 3),
  pay_token text not null,
  details jsonb not null,
  status text not null check (status in ('open', 'started', 'accepted', 'executed', 'refused', 'cancelled', 'expired')),
  attention text[] not null default '{}',
  -- Freed when the payment is closed without money, never taken again: a late payment beside a new one must not be refused.
  holds_reference boolean not null,
  sequence integer not null default 0 check (sequence >= 0),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (merchant, id)
);
create unique index payment_reference on payments.payment (merchant, e_service, reference) where holds_reference;
create index payment_listed on payments.payment (merchant, e_service, created_at desc, id desc);
create index payment_by_reference on payments.payment (merchant, e_service, reference);
create index payment_pay_token on payments.payment (pay_token);

create table payments.fact (
  merchant text not null,
  payment text not null,
  key text not null,
  at timestamptz not null,
  body jsonb not null,
  primary key (merchant, payment, key)
);

create table payments.attempt (
  merchant text not null,
  id text not null,
  payment text not null,
  agreement text not null,
  number text not null,
  kept jsonb not null,
  -- A step that only the PSP's answer told; shown again when the payer comes again.
  step jsonb,
  primary key (merchant, id),
  -- Our own number: never used again in the agreement.
  unique (merchant, agreement, number)
);
create index attempt_payment on payments.attempt (merchant, payment);

-- The PSP's own ids. Not unique: bank numbers are short and come round; no constraint may refuse money.
create table payments.psp_id (
  merchant text not null,
  agreement text not null,
  psp_id text not null,
  attempt text not null,
  primary key (merchant, agreement, psp_id, attempt)
);

-- Raw, as it came and as it went.
create table payments.message (
  merchant text not null,
  id text not null,
  agreement text not null,
  payment text,
  attempt text,
  direction text not null check (direction in ('in', 'out')),
  purpose text not null,
  at timestamptz not null,
  method text not null,
  url text not null,
  headers jsonb not null,
  body bytea not null,
  peer text not null,
  status integer,
  readings jsonb not null,
  verdict text not null check (verdict in ('trusted', 'untrusted', 'parked', 'fault', 'sent')),
  primary key (merchant, id)
);
create index message_payment on payments.message (merchant, payment, at);
create index message_agreement on payments.message (merchant, agreement, at);
create index message_parked on payments.message (merchant, id) where verdict = 'parked';

create table payments.idempotency (
  merchant text not null,
  e_service text not null,
  operation text not null,
  key text not null,
  body_hash text not null,
  status integer not null,
  -- Not jsonb: a repeated request gets its answer to the byte, with the order of its members.
  answer json not null,
  at timestamptz not null,
  primary key (merchant, e_service, operation, key)
);
create index idempotency_at on payments.idempotency (at);

-- Attempt numbers are given to processes in blocks, so that no counter row is locked in a payment's transaction.
create table payments.number_block (
  one boolean primary key default true check (one),
  next bigint not null
);
insert into payments.number_block (next) values (1001);

create table payments.signing_key (
  id text primary key,
  private_key text not null,
  public_jwk jsonb not null,
  signs_from timestamptz not null,
  shown_until timestamptz
);
