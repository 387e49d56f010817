-- Payments, amounts and flags by local hour and category, of the days that lie :first to :last days before a day, every
-- :step days (0, 0, 1: the day itself; 7, 28, 7: the same weekday of the last four weeks). Read from an index alone.
-- Grain: one day, local hour, category (null: none named) and currency. Payments leave refunds out.
-- Where clocks go back, the doubled hour holds two hours' payments.
with days as materialized (
    select
        ago.days_ago,
        report_day_start(cast(:day as date) - ago.days_ago) as starts_at,
        report_day_start(cast(:day as date) - ago.days_ago + 1) as ends_at
    from generate_series(:first, :last, :step) as ago (days_ago)
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
            amounts.category,
            date_bin('15 minutes', amounts.event_time, days.starts_at) as quarter,
            count(*) filter (where amounts.amount_cents >= 0) as payments,
            sum(amounts.amount_cents) filter (where amounts.amount_cents >= 0) as amount_cents,
            count(*) filter (where amounts.amount_cents < 0) as refunds,
            -sum(amounts.amount_cents) filter (where amounts.amount_cents < 0) as refund_cents,
            count(*) filter (where amounts.flagged) as flagged,
            sum(amounts.amount_cents) filter (where amounts.flagged) as flagged_cents
        from v_payment_amounts as amounts
        where amounts.event_time >= days.starts_at and amounts.event_time < days.ends_at
        group by amounts.currency, amounts.category, quarter
    ) as sums
)

select
    days_ago,
    currency,
    category,
    extract(hour from quarter at time zone report_time_zone())::integer as local_hour,
    sum(payments)::bigint as payments,
    coalesce(sum(amount_cents), 0) / 100.0 as amount,
    sum(refunds)::bigint as refunds,
    coalesce(sum(refund_cents), 0) / 100.0 as refund_amount,
    sum(flagged)::bigint as flagged,
    coalesce(sum(flagged_cents), 0) / 100.0 as flagged_amount
from quarters
group by days_ago, currency, category, local_hour
order by days_ago, currency, category, local_hour;
