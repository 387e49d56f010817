-- Flagged payments that were too old to mail when they were loaded, by the day they were loaded on (not their own).
-- Known frauds by amount, then by expected loss (amount times probability), those known to be honest last.
-- Grain: one payment; at most :most of a currency.
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
            order by
                case listed.label when 'fraud' then 0 when 'not_fraud' then 2 else 1 end asc,
                listed.amount_cents * case listed.label when 'fraud' then 1 else listed.fraud_probability end desc,
                listed.trans_num asc
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
