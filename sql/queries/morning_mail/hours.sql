-- Payments, amounts and flags by local hour, of a day (0 days ago) and of the earlier days that it is compared with.
-- Grain: one day, currency and local hour. Payments leave refunds out.
with days as materialized (
    select
        0 as days_ago,
        bounds.starts_at,
        bounds.ends_at
    from report_day_bounds(%(day)s) as bounds
    union all
    select
        earlier.days_ago,
        earlier.starts_at,
        earlier.ends_at
    from report_usual_days(%(day)s) as earlier
)

select
    days.days_ago,
    hours.*
from days
cross join lateral report_hours(days.starts_at, days.ends_at) as hours
order by days.days_ago, hours.currency, hours.local_hour
