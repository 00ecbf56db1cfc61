-- Up Migration

-- What became of the receipt by e-mail, one a payment. Not the address: the order has it.
create table payments.receipt_mail (
  merchant text not null,
  payment text not null,
  outcome text not null check (outcome in ('sent', 'refused', 'gave_up', 'no_server')),
  why text not null,
  at timestamptz not null,
  primary key (merchant, payment)
);
