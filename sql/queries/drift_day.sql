-- The day as the report's calendar has it, how many of its payments were scored (refunds are not), whether it is
-- covered from its first instant on (the first day ever is not), and whether batches of it wait to be loaded.
-- Grain: one row.
with bounds as materialized (
    select * from report_day_bounds(:day)
)

select
    bounds.starts_at,
    bounds.ends_at,
    bounds.ends_at <= report_now() as is_over,
    coalesce(
        (select min(earlier.event_time) from v_payment_amounts as earlier) < bounds.starts_at, false
    ) as has_earlier,
    exists(
        select 1
        from run_ledger as ledger
        where
            ledger.status = 'landed'
            and ledger.minute >= bounds.starts_at
            and ledger.minute < bounds.ends_at
    ) as is_waiting,
    (
        select count(*)
        from v_payment_amounts as amounts
        where
            amounts.event_time >= bounds.starts_at
            and amounts.event_time < bounds.ends_at
            and amounts.amount_cents >= 0
    ) as payments
from bounds
