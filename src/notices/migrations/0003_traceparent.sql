-- Up Migration

-- W3C Trace Context of the change that this event tells; the notice carries it on.
alter table notices.event add column traceparent text;
