-- A batch that kills its worker each time holds up no other for long: the runs that took it alone and never answered
-- are counted, at the third it is passed, and once others got through it is tried a last time by itself.

-- migrate:up
alter table run_ledger add column lone_unanswered integer not null default 0;
alter table run_ledger add column passed_for text;
alter table run_ledger add column passed_by text;
alter table run_ledger add column passed_at timestamptz;
alter table run_ledger add column tried_again_at timestamptz;

comment on column run_ledger.lone_unanswered is
'Runs in a row that took it alone and were killed or ran out of time; at the third it has failed.';
comment on column run_ledger.passed_for is 'Why it was passed: refusals, lone_runs (unanswered), or hand.';
comment on column run_ledger.passed_by is 'Who passed it by hand.';
comment on column run_ledger.passed_at is 'When it was passed last.';
comment on column run_ledger.tried_again_at is
'When it was tried again after it was passed: once by itself, as often as somebody says.';

-- checked at once: the ledger has a row a minute
-- squawk-ignore constraint-missing-not-valid
alter table run_ledger add constraint run_ledger_passed_for_check
check (passed_for in ('refusals', 'lone_runs', 'hand'));

-- an answer for a minute that was asked for again
-- squawk-ignore ban-drop-constraint
alter table run_ledger drop constraint run_ledger_kind_check;
-- squawk-ignore constraint-missing-not-valid
alter table run_ledger add constraint run_ledger_kind_check check (kind in ('minute', 'history', 'retry', 'again'));

-- squawk-ignore require-concurrent-index-creation
create index run_ledger_failed on run_ledger (landing_seq) where status = 'failed';

-- migrate:down
-- squawk-ignore require-concurrent-index-deletion
drop index run_ledger_failed;

update run_ledger set kind = 'retry'
where kind = 'again';
-- squawk-ignore ban-drop-constraint
alter table run_ledger drop constraint run_ledger_kind_check;
-- squawk-ignore constraint-missing-not-valid
alter table run_ledger add constraint run_ledger_kind_check check (kind in ('minute', 'history', 'retry'));

-- squawk-ignore ban-drop-column
alter table run_ledger drop column passed_for, drop column passed_by, drop column passed_at;
-- squawk-ignore ban-drop-column
alter table run_ledger drop column lone_unanswered, drop column tried_again_at;
