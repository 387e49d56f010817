-- Of these batches, those that nobody waits for any more. Grain: one batch.
select batch_id
from run_ledger
where status <> 'landed' and batch_id = any(:batch_ids)
