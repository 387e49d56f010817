-- Unusable optional values do not keep their payment out: the ledger tells how many a batch lost, by field and reason.

-- migrate:up
alter table run_ledger add column dropped jsonb;
comment on column run_ledger.dropped is
'How many unusable optional values its payments lost, by field and reason; null: none.';

-- migrate:down
-- squawk-ignore ban-drop-column
alter table run_ledger drop column dropped;
