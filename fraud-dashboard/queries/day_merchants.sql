-- The merchants with the largest expected loss (amount times probability) in a day's flagged payments of one currency.
-- Grain: one merchant; at most 12.
select
    report.currency,
    report.merchant,
    count(*) as flagged,
    sum(report.amount * report.fraud_probability) as expected_loss,
    count(*) filter (where report.label = 'fraud') as frauds
from v_fraud_report as report
where
    report.flagged
    and report.currency = %(currency)s
    and report.event_time >= (select report_day_start(cast(%(day)s as date)))
    and report.event_time < (select report_day_start(cast(%(day)s as date) + 1))
group by report.currency, report.merchant
order by expected_loss desc, flagged desc, report.merchant asc
limit 12;
