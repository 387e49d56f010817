-- Runs to which a batch itself was the trouble, apart from its attempts: a batch is passed for what it did, never for
-- how often its run was killed.

-- migrate:up
alter table run_ledger add column refusals integer not null default 0;

comment on column run_ledger.attempts is 'Runs that claimed it before it was loaded, whatever ended them.';
comment on column run_ledger.refusals is 'Runs in which it alone was refused; at the fifth it has failed.';

-- migrate:down
-- squawk-ignore ban-drop-column
alter table run_ledger drop column refusals;
