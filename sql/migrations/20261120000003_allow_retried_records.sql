-- A batch may also be records that were taken out of quarantine again, after what was wrong with them was mended.

-- migrate:up
-- squawk-ignore ban-drop-constraint
alter table run_ledger drop constraint run_ledger_kind_check;
-- checked at once: the ledger has a row a minute
-- squawk-ignore constraint-missing-not-valid
alter table run_ledger add constraint run_ledger_kind_check check (kind in ('minute', 'history', 'retry'));

-- migrate:down
update run_ledger set kind = 'history'
where kind = 'retry';
-- squawk-ignore ban-drop-constraint
alter table run_ledger drop constraint run_ledger_kind_check;
-- squawk-ignore constraint-missing-not-valid
alter table run_ledger add constraint run_ledger_kind_check check (kind in ('minute', 'history'));
