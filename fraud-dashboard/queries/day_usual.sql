-- What the days brought hour by hour that a day is compared with. Read from an index alone.
-- Grain: one day, local hour and currency; none where nothing is usual yet. Payments leave refunds out.
with days as materialized (
    select
        earlier.days_ago,
        earlier.starts_at,
        earlier.ends_at
    from report_usual_days(cast(:day as date)) as earlier
),

-- every zone is whole quarters of an hour away from UTC
quarters as (
    select
        days.days_ago,
        sums.*
    from days
    cross join lateral (
        select
            amounts.currency,
            date_bin('15 minutes', amounts.event_time, days.starts_at) as quarter,
            count(*) filter (where amounts.amount_cents >= 0) as payments,
            sum(amounts.amount_cents) filter (where amounts.amount_cents >= 0) as amount_cents,
            count(*) filter (where amounts.flagged) as flagged,
            sum(amounts.amount_cents) filter (where amounts.flagged) as flagged_cents
        from v_payment_amounts as amounts
        where amounts.event_time >= days.starts_at and amounts.event_time < days.ends_at
        group by amounts.currency, quarter
    ) as sums
)

select
    days_ago,
    currency,
    extract(hour from quarter at time zone report_time_zone())::integer as local_hour,
    sum(payments)::bigint as payments,
    amount_major(coalesce(sum(amount_cents), 0), currency) as amount,
    sum(flagged)::bigint as flagged,
    amount_major(coalesce(sum(flagged_cents), 0), currency) as flagged_amount
from quarters
group by days_ago, currency, local_hour
order by days_ago, currency, local_hour;
