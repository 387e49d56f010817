-- Give batches to the holder of a token: who held them before can no longer load them. Counts the attempts
-- until done or failed, and those that no answer followed: all of them, and those that took the batch alone.
-- Locked in the order of their ids, so that two runs do not block each other for good.
with
locked as (
    select batch_id
    from run_ledger
    where batch_id = any(%(batch_ids)s)
    order by batch_id
    for update
)

update run_ledger
set
    claim = %(token)s::uuid,
    attempts = attempts + case when status = 'landed' then 1 else 0 end,
    unanswered = unanswered + case when status = 'landed' then 1 else 0 end,
    lone_unanswered = lone_unanswered + case when status = 'landed' and %(is_alone)s then 1 else 0 end,
    claimed_at = case when status = 'landed' then clock_timestamp() else claimed_at end
from locked
where run_ledger.batch_id = locked.batch_id
returning run_ledger.batch_id
