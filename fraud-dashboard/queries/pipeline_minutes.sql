-- The run ledger's minutes of the last 24 hours. Grain: one minute that the ledger knows.
select
    ledger.batch_id,
    ledger.minute,
    ledger.minute_local,
    ledger.status,
    ledger.lag_seconds,
    ledger.seconds,
    ledger.received,
    ledger.inserted,
    ledger.updated,
    ledger.unchanged,
    ledger.events,
    ledger.quarantined,
    ledger.flagged,
    ledger.alerted,
    ledger.scored_by,
    ledger.fallback_reason,
    ledger.error,
    ledger.note,
    ledger.dropped
from v_run_ledger as ledger
where ledger.minute >= date_trunc('minute', report_now()) - interval '24 hours'
order by ledger.minute;
