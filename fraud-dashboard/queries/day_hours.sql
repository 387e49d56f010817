-- A day's payments, amounts and flags by local hour and category; their sums are its totals. Read from an index alone.
-- Grain: one local hour, category (null: none named) and currency. Payments leave refunds out.
-- Where clocks go back, the doubled hour holds two hours' payments.
with quarters as (
    select
        amounts.currency,
        amounts.category,
        -- every zone is whole quarters of an hour away from UTC
        date_bin('15 minutes', amounts.event_time, '2000-01-01T00:00Z') as quarter,
        count(*) filter (where amounts.amount_cents >= 0) as payments,
        sum(amounts.amount_cents) filter (where amounts.amount_cents >= 0) as amount_cents,
        count(*) filter (where amounts.amount_cents < 0) as refunds,
        -sum(amounts.amount_cents) filter (where amounts.amount_cents < 0) as refund_cents,
        count(*) filter (where amounts.flagged) as flagged,
        sum(amounts.amount_cents) filter (where amounts.flagged) as flagged_cents
    from v_payment_amounts as amounts
    where
        amounts.event_time >= (select report_day_start(cast(%(day)s as date)))
        and amounts.event_time < (select report_day_start(cast(%(day)s as date) + 1))
    group by amounts.currency, amounts.category, quarter
)

select
    currency,
    category,
    extract(hour from quarter at time zone (select report_time_zone()))::integer as local_hour,
    sum(payments)::bigint as payments,
    amount_major(coalesce(sum(amount_cents), 0), currency) as amount,
    sum(refunds)::bigint as refunds,
    amount_major(coalesce(sum(refund_cents), 0), currency) as refund_amount,
    sum(flagged)::bigint as flagged,
    amount_major(coalesce(sum(flagged_cents), 0), currency) as flagged_amount
from quarters
group by currency, category, local_hour
order by currency, category, local_hour;
