-- What is known of a day's payments: frauds by label in force. Looked up from what was said (of a payment of that day,
-- not before it), and from the payments API's own frauds; the day's other payments are not read.
-- Grain: one currency; none where nobody said anything.
with spoken_of as materialized (
    select said.trans_num
    from v_payment_statements as said
    where said.known_at >= (select report_day_start(cast(:day as date) - 1))
    union
    select frauds.trans_num
    from v_payload_frauds as frauds
    where
        frauds.event_time >= (select report_day_start(cast(:day as date)))
        and frauds.event_time < (select report_day_start(cast(:day as date) + 1))
),

-- one by one through the primary key (that is what the limits are for): the day itself may hold a million
of_that_day as materialized (
    select spoken_of.trans_num
    from spoken_of
    cross join
        lateral (
            select one.event_time
            from v_payment_amounts as one
            where one.trans_num = spoken_of.trans_num
            order by one.trans_num
            limit 1
        ) as payment
    where
        payment.event_time >= (select report_day_start(cast(:day as date)))
        and payment.event_time < (select report_day_start(cast(:day as date) + 1))
)

select
    report.currency,
    count(*) filter (where report.label_source in ('verdict', 'chargeback')) as judged,
    count(*) filter (where report.label = 'fraud') as frauds,
    coalesce(sum(report.amount) filter (where report.label = 'fraud'), 0) as fraud_amount,
    count(*) filter (where report.label = 'fraud' and report.flagged) as frauds_flagged
from of_that_day
cross join
    lateral (
        select
            one.currency,
            one.label_source,
            one.label,
            one.amount,
            one.flagged
        from v_fraud_report as one
        where one.trans_num = of_that_day.trans_num
        order by one.trans_num
        limit 1
    ) as report
group by report.currency
order by report.currency;
