-- Batches of retried records, and of minutes asked for again, that landed in a period. Grain: one batch.
select batch_id
from run_ledger
where kind in ('retry', 'again') and landed_at >= %(since)s and landed_at < %(until)s
