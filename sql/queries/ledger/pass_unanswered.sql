-- Pass waiting batches that so many runs in a row took alone and never answered for: killed, or out of time. The runs
-- that died over several batches died of these: the others that wait start counting anew. Imported days are loaded by
-- their import alone and hold up no run. Grain: one batch that was passed.
with
locked as (
    select
        batch_id,
        lone_unanswered >= %(most)s as is_hopeless
    from run_ledger
    where status = 'landed' and kind <> 'history' and unanswered > 0
    order by batch_id
    for update
),

forgiven as (
    update run_ledger
    set unanswered = 0
    from locked
    where
        run_ledger.batch_id = locked.batch_id
        and not locked.is_hopeless
        and exists (
            select 1
            from locked as hopeless
            where hopeless.is_hopeless
        )
)

update run_ledger
set
    status = 'failed',
    unanswered = 0,
    error = %(error)s,
    passed_for = 'lone_runs',
    passed_by = null,
    passed_at = clock_timestamp(),
    tried_again_at = null
from locked
where run_ledger.batch_id = locked.batch_id and locked.is_hopeless
returning run_ledger.batch_id, run_ledger.landing_seq
