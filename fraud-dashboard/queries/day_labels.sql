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
)

-- one by one through the primary key (that is what the limit is for): the day itself may hold a million
select
    report.currency,
    count(*) filter (where report.label_source in ('verdict', 'chargeback')) as judged,
    count(*) filter (where report.label = 'fraud') as frauds,
    coalesce(sum(report.amount) filter (where report.label = 'fraud'), 0) as fraud_amount,
    count(*) filter (where report.label = 'fraud' and report.flagged) as frauds_flagged
from spoken_of
cross join
    lateral (
        select
            one.currency,
            one.label_source,
            one.label,
            one.amount,
            one.flagged,
            one.event_time
        from v_fraud_report as one
        where one.trans_num = spoken_of.trans_num
        order by one.trans_num
        limit 1
    ) as report
where
    report.event_time >= (select report_day_start(cast(:day as date)))
    and report.event_time < (select report_day_start(cast(:day as date) + 1))
group by report.currency
order by report.currency;
