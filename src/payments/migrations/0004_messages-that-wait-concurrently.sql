-- Finds the few messages that wait for a person or for their payment among all that ever came. Built while the former release writes; what an interrupted run left is dropped first.
drop index concurrently if exists payments.message_waiting;
create index concurrently message_waiting on payments.message (merchant, agreement, at) where verdict in ('parked', 'fault');
