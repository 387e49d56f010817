-- What stands open in the ledger, of whatever age: failed and waiting batches. Grain: one status; none if all is done.
select
    ledger.status,
    count(*) as batches,
    min(ledger.batch_id) as first_batch_id,
    max(ledger.batch_id) as last_batch_id,
    min(ledger.minute_local) as first_minute_local,
    extract(epoch from report_now() - min(ledger.landed_at)) as oldest_seconds,
    max(ledger.error) as example_error
from v_run_ledger as ledger
where ledger.status in ('failed', 'landed')
group by ledger.status;
