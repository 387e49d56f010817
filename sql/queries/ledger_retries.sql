-- Batches of retried records that landed in a period. Grain: one batch.
select batch_id
from run_ledger
where kind = 'retry' and landed_at >= :since and landed_at < :until
