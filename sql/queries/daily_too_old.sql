-- Flagged payments that were too old to mail when they were loaded, by the day they were loaded on (not their own).
-- Grain: one payment; the largest amounts of each currency, at most :most of it.
with bounds as materialized (
    select * from report_day_bounds(:day)
),

untold as materialized (
    select distinct outbox_payments.trans_num
    from outbox
    inner join outbox_payments on outbox.message_id = outbox_payments.message_id
    where
        outbox.status = 'suppressed'
        and outbox.last_error = 'too_old'
        and outbox.created_at >= (select bounds.starts_at from bounds)
        and outbox.created_at < (select bounds.ends_at from bounds)
),

-- one by one through the primary key: that is what the limit is for
listed as (
    select report.*
    from untold
    cross join
        lateral (
            select one.*
            from v_fraud_report as one
            where one.trans_num = untold.trans_num
            order by one.trans_num
            limit 1
        ) as report
),

ranked as (
    select
        listed.*,
        row_number() over (
            partition by listed.currency
            order by listed.amount_cents desc, listed.trans_num asc
        ) as place
    from listed
)

select
    trans_num,
    event_time,
    amount_cents,
    currency,
    card_last4,
    merchant,
    fraud_probability,
    flagged,
    reasons,
    label,
    label_source
from ranked
where place <= :most
order by currency, place
