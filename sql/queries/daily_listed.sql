-- A day's known frauds by amount, then its flagged payments by expected loss (amount times probability), those known
-- to be honest last. Grain: one payment; at most :most of a currency.
with bounds as materialized (
    select * from report_day_bounds(:day)
),

named as materialized (
    select flagged.trans_num
    from v_fraud_report as flagged
    where
        flagged.flagged
        and flagged.event_time >= (select bounds.starts_at from bounds)
        and flagged.event_time < (select bounds.ends_at from bounds)
    union
    select said.trans_num
    from v_payment_statements as said
    where said.known_at >= (select bounds.starts_at from bounds) - interval '1 day'
    union
    select frauds.trans_num
    from v_payload_frauds as frauds
    where
        frauds.event_time >= (select bounds.starts_at from bounds)
        and frauds.event_time < (select bounds.ends_at from bounds)
),

-- one by one through the primary key: that is what the limit is for
listed as (
    select report.*
    from named
    cross join
        lateral (
            select one.*
            from v_fraud_report as one
            where one.trans_num = named.trans_num
            order by one.trans_num
            limit 1
        ) as report
    where
        (report.flagged or report.label = 'fraud')
        and report.event_time >= (select bounds.starts_at from bounds)
        and report.event_time < (select bounds.ends_at from bounds)
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
