-- How a day's minutes went: what its totals may lack, and who scored. Grain: one row.
-- A minute that the ledger does not know at all never ran; minutes before the first one that ever ran do not count.
with bounds as materialized (
    select
        whole.starts_at,
        least(whole.ends_at, date_trunc('minute', report_now()) - interval '5 minutes') as ends_at,
        (select min(ledger.minute) from v_run_ledger as ledger) as first_minute
    from report_day_bounds(%(day)s) as whole
),

counted as (
    select
        count(*) as known,
        count(*) filter (where ledger.status = 'done') as done,
        count(*) filter (where ledger.status = 'missed') as missed,
        count(*) filter (where ledger.status = 'failed') as failed,
        count(*) filter (where ledger.status = 'landed') as waiting,
        count(*) filter (where ledger.scored_by = 'local-fallback') as fallback
    from v_run_ledger as ledger
    where
        ledger.minute >= (select bounds.starts_at from bounds)
        and ledger.minute < (select bounds.ends_at from bounds)
),

-- null where no minute ever ran
expected as (
    select extract(epoch from bounds.ends_at - greatest(bounds.starts_at, bounds.first_minute)) / 60 as minutes
    from bounds
    where bounds.first_minute is not null
)

select
    counted.done,
    counted.missed,
    counted.failed,
    counted.waiting,
    counted.fallback,
    greatest(coalesce(expected.minutes, 0) - counted.known, 0)::integer as never_ran
from counted
left join expected on true
