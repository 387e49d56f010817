-- Take the first batch that was passed because runs died over it and that was not tried again since, if another batch
-- was loaded meanwhile (so the machine is well) and nothing waits that landed before it. It is marked before it is
-- tried: whatever it does to its worker, this happens once. Grain: one row, none if there is none.
with
due as (
    select passed.batch_id
    from run_ledger as passed
    where
        passed.status = 'failed'
        and passed.passed_for = 'lone_runs'
        and passed.tried_again_at is null
        and exists (
            select 1
            from run_ledger as other
            where other.status = 'done' and other.loaded_at >= passed.passed_at
        )
        and not exists (
            select 1
            from landing_queue as earlier
            where earlier.landing_seq < passed.landing_seq
        )
    order by passed.landing_seq
    limit 1
    for update skip locked
)

update run_ledger
set tried_again_at = clock_timestamp()
from due
where run_ledger.batch_id = due.batch_id
returning run_ledger.batch_id, run_ledger.landing_seq
