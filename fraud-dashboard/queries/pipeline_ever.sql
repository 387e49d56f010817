-- When the ledger begins and what it knows last. Grain: one row.
select
    min(ledger.minute) as first_minute,
    max(ledger.minute) as last_minute,
    date_trunc('minute', report_now()) as this_minute,
    report_now() as seen_at
from v_run_ledger as ledger;
