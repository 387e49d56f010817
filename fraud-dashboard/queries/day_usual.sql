-- What the days brought hour by hour that a day is compared with.
-- Grain: one day, local hour and currency; none where nothing is usual yet. Payments leave refunds out.
select
    earlier.days_ago,
    hours.currency,
    hours.local_hour,
    hours.payments,
    amount_major(hours.amount_cents, hours.currency) as amount,
    hours.flagged,
    amount_major(hours.flagged_cents, hours.currency) as flagged_amount
from report_usual_days(cast(%(day)s as date)) as earlier
cross join lateral report_hours(earlier.starts_at, earlier.ends_at) as hours
order by earlier.days_ago, hours.currency, hours.local_hour;
