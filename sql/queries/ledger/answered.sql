-- A run ended with an answer, if only an error's: its batches start counting anew what ends without one.
-- Locked in the order of their ids, as by a claim.
with
locked as (
    select batch_id
    from run_ledger
    where batch_id = any(%(batch_ids)s) and claim = %(token)s::uuid and status = 'landed' and unanswered > 0
    order by batch_id
    for update
)

update run_ledger
set
    unanswered = 0,
    lone_unanswered = 0
from locked
where run_ledger.batch_id = locked.batch_id
