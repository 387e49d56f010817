-- Days that are over, with payments and without batches that wait to be loaded, that were not compared whole yet; of
-- the last :most days, oldest first. The first day ever is never whole: it is compared again only when payments of it
-- came later. Grain: one day.
with days as (
    select report_today() - ago.days_ago as day
    from generate_series(1, %(most)s) as ago (days_ago)
),

not_whole as materialized (
    select days.day
    from days
    where
        not exists (
            select 1 from drift_days as done
            where done.day = days.day and done.whole_day
        )
)

select not_whole.day
from not_whole
cross join lateral drift_day(not_whole.day) as found
where
    found.payments > 0
    and not found.is_waiting
    and not exists (
        select 1 from drift_days as done
        where done.day = not_whole.day and done.payments = found.payments and not found.has_earlier
    )
order by not_whole.day
