-- How a day's minutes went: what a total may lack, and who scored. Grain: one row.
select
    count(*) filter (where ledger.status = 'missed') as missed,
    count(*) filter (where ledger.status = 'failed') as failed,
    count(*) filter (where ledger.status = 'landed') as waiting,
    count(*) filter (where ledger.scored_by = 'local-fallback') as fallback,
    coalesce(sum(ledger.quarantined), 0)::bigint as quarantined
from v_run_ledger as ledger
where
    ledger.minute >= (select report_day_start(cast(:day as date)))
    and ledger.minute < (select report_day_start(cast(:day as date) + 1));
