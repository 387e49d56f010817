-- More pages and errors beside the records of an answer: a minute that lacks payments does not look whole.

-- migrate:up
alter table run_ledger add column note text;

comment on column run_ledger.note is
'What its answers said that was not followed: more pages, an error beside the records. Null: nothing.';

-- migrate:down
-- squawk-ignore ban-drop-column
alter table run_ledger drop column note;
