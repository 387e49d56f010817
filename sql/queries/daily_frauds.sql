-- What is known of a day's payments: frauds by label in force. Looked up from what was said (of a payment of that day,
-- not before it), and from the payments API's own frauds; the day's other payments are not read.
-- Grain: one currency; none where nobody said anything.
with bounds as materialized (
    select * from report_day_bounds(:day)
),

spoken_of as materialized (
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

-- one by one through the primary key (that is what the limit is for): the day itself may hold a million
judged as (
    select report.*
    from spoken_of
    cross join
        lateral (
            select
                one.currency,
                one.label_source,
                one.label,
                one.amount_cents,
                one.flagged,
                one.event_time
            from v_fraud_report as one
            where one.trans_num = spoken_of.trans_num
            order by one.trans_num
            limit 1
        ) as report
)

select
    currency,
    count(*) filter (where label_source in ('verdict', 'chargeback')) as judged,
    count(*) filter (where label = 'fraud') as frauds,
    coalesce(sum(amount_cents) filter (where label = 'fraud'), 0)::bigint as fraud_cents,
    count(*) filter (where label = 'fraud' and flagged) as frauds_flagged
from judged
where event_time >= (select bounds.starts_at from bounds) and event_time < (select bounds.ends_at from bounds)
group by currency
order by currency
