-- Of these batches, those that nobody waits for any more: a batch that was passed waits for somebody's word, until it
-- is loaded or passed by hand. Grain: one batch.
select batch_id
from run_ledger
where
    status <> 'landed'
    and not (status = 'failed' and coalesce(passed_for, 'hand') <> 'hand')
    and batch_id = any(%(batch_ids)s)
