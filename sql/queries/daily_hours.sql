-- Payments, amounts and flags by local hour, of a day (0 days ago) and of the earlier days that it is compared with.
-- Read from an index alone. Grain: one day, currency and local hour. Payments leave refunds out.
-- Where clocks go back, the doubled hour holds two hours' payments.
with days as materialized (
    select
        0 as days_ago,
        bounds.starts_at,
        bounds.ends_at
    from report_day_bounds(cast(:day as date)) as bounds
    union all
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
            coalesce(sum(amounts.amount_cents) filter (where amounts.amount_cents >= 0), 0) as amount_cents,
            count(*) filter (where amounts.amount_cents < 0) as refunds,
            coalesce(-sum(amounts.amount_cents) filter (where amounts.amount_cents < 0), 0) as refund_cents,
            count(*) filter (where amounts.flagged) as flagged,
            coalesce(sum(amounts.amount_cents) filter (where amounts.flagged), 0) as flagged_cents
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
    sum(amount_cents)::bigint as amount_cents,
    sum(refunds)::bigint as refunds,
    sum(refund_cents)::bigint as refund_cents,
    sum(flagged)::bigint as flagged,
    sum(flagged_cents)::bigint as flagged_cents
from quarters
group by days_ago, currency, local_hour
order by days_ago, currency, local_hour
