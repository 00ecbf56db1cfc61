-- Finds what was given up at one address. Built while the former release writes; what an interrupted run left is dropped first.
drop index concurrently if exists notices.gave_up_address;
create index concurrently gave_up_address on notices.gave_up (address, at);
