-- What keeps batches in the order of their landing: who is at an imported day, how often runs ended without an answer,
-- and a word for payments whose first landed delivery was loaded after another one.

-- migrate:up
alter table run_ledger add column claimed_at timestamptz;
alter table run_ledger add column unanswered integer not null default 0;

comment on column run_ledger.claimed_at is 'When a run last took it while it waited; an import holds its day by it.';
comment on column run_ledger.unanswered is
'Runs in a row that took it and were killed or ran out of time: the next one takes half as many batches.';

-- squawk-ignore ban-drop-constraint
alter table payment_history drop constraint payment_history_why_check;
-- checked at once: one reading of what was ever replaced
-- squawk-ignore constraint-missing-not-valid
alter table payment_history add constraint payment_history_why_check
check (why in ('correction', 'rescore', 'late load'));

create or replace function keep_predecessors() returns trigger
language plpgsql
as $$
begin
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        was.trans_num,
        became.landing_seq,
        case
            when became.first_landing_seq < was.first_landing_seq then 'late load'
            when became.body_hash <> was.body_hash then 'correction'
            else 'rescore'
        end,
        was.landing_seq,
        to_jsonb(was)
    from was
    inner join became on was.trans_num = became.trans_num
    where was is distinct from became
    order by was.trans_num;
    return null;
end
$$;

-- migrate:down
create or replace function keep_predecessors() returns trigger
language plpgsql
as $$
begin
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        was.trans_num,
        became.landing_seq,
        case when became.body_hash <> was.body_hash then 'correction' else 'rescore' end,
        was.landing_seq,
        to_jsonb(was)
    from was
    inner join became on was.trans_num = became.trans_num
    where was is distinct from became
    order by was.trans_num;
    return null;
end
$$;

update payment_history set why = 'rescore'
where why = 'late load';
-- squawk-ignore ban-drop-constraint
alter table payment_history drop constraint payment_history_why_check;
-- squawk-ignore constraint-missing-not-valid
alter table payment_history add constraint payment_history_why_check check (why in ('correction', 'rescore'));

-- squawk-ignore ban-drop-column
alter table run_ledger drop column claimed_at, drop column unanswered;
