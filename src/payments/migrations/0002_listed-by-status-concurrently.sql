-- Finds the few payments of a rare status among millions without walking them all. Built while the former release writes; what an interrupted run left is dropped first.
drop index concurrently if exists payments.payment_by_status;
create index concurrently payment_by_status on payments.payment (merchant, e_service, status, created_at desc, id desc);
