-- Up Migration

-- All that was ever asked of a person about one thing.
create index task_subject on tasks.task (merchant, subject);
