-- Tells at once whether something owed to an address has failed before. Built while the former release writes; what an interrupted run
-- left is dropped first.
drop index concurrently if exists notices.dispatch_failing;
create index concurrently dispatch_failing on notices.dispatch (address) where step > 0;
