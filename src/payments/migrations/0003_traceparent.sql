-- Up Migration

-- W3C Trace Context of what ordered the payment, so that every later step, in whatever process, is told as part of its trace.
alter table payments.payment add column traceparent text;
