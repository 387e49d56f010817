-- Whole days with payments that were not compared yet, of the last :most days, oldest first. Grain: one day.
with days as (
    select report_today() - ago.days_ago as day
    from generate_series(1, :most) as ago (days_ago)
)

select days.day
from days
cross join lateral report_day_bounds(days.day) as bounds
where
    not exists (
        select 1 from drift_days as done
        where done.day = days.day and done.whole_day
    )
    and exists (
        select 1
        from v_payment_amounts as amounts
        where
            amounts.event_time >= bounds.starts_at
            and amounts.event_time < bounds.ends_at
            and amounts.amount_cents >= 0
    )
order by days.day
