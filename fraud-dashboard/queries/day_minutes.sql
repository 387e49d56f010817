-- How a day's minutes went: what a total may lack, and who scored. Grain: one row.
-- Quarantine is that of the day's minutes and of what was imported on it: `quarantined` records could not become
-- payments when they were loaded; `still_open` are those that nobody has dealt with since, as the morning mail counts.
with bounds as materialized (
    select * from report_day_bounds(cast(%(day)s as date))
),

minutes as (
    select
        count(*) filter (where ledger.status = 'missed') as missed,
        count(*) filter (where ledger.status = 'failed') as failed,
        count(*) filter (where ledger.status = 'landed') as waiting,
        count(*) filter (where ledger.scored_by = 'local-fallback') as fallback,
        coalesce(sum(ledger.quarantined), 0) as quarantined
    from v_run_ledger as ledger
    where
        ledger.minute >= (select bounds.starts_at from bounds)
        and ledger.minute < (select bounds.ends_at from bounds)
),

imports as (
    select coalesce(sum(ledger.quarantined), 0) as quarantined
    from v_run_ledger as ledger
    where
        ledger.minute is null
        and ledger.loaded_at >= (select bounds.starts_at from bounds)
        and ledger.loaded_at < (select bounds.ends_at from bounds)
),

still_open as (
    select count(*) as records
    from v_quarantine as refused
    inner join v_run_ledger as ledger on refused.batch_id = ledger.batch_id
    where
        refused.status = 'open'
        and coalesce(ledger.minute, refused.created_at) >= (select bounds.starts_at from bounds)
        and coalesce(ledger.minute, refused.created_at) < (select bounds.ends_at from bounds)
)

select
    minutes.missed,
    minutes.failed,
    minutes.waiting,
    minutes.fallback,
    (minutes.quarantined + imports.quarantined)::bigint as quarantined,
    still_open.records as still_open
from minutes
cross join imports
cross join still_open;
