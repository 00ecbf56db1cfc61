-- Finds the few payments with a flag among all, so that each can be seen to have its task. Built while the former release writes; what an interrupted run left is dropped first.
drop index concurrently if exists payments.payment_flagged;
create index concurrently payment_flagged on payments.payment (merchant, id) where attention <> '{}';
