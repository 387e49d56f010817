-- The random samples of the last :days whole days, :most unflagged payments each, as far as nobody has decided on them.
-- Grain: one payment, oldest first, so that days come to an end.
select
    report.trans_num,
    report.event_time,
    report.event_time_local,
    report.amount,
    report.currency,
    report.is_refund,
    report.card_last4,
    report.merchant,
    report.category,
    report.city,
    report.state,
    report.fraud_probability,
    report.threshold,
    report.flagged,
    report.reasons,
    report.label,
    report.label_source,
    report.verdict
from generate_series(1, %(days)s) as ago (days_ago)
cross join lateral report_sample(report_today() - ago.days_ago, %(most)s) as sample
cross join lateral report_of(sample.trans_num) as report
where report.label is null and coalesce(report.verdict, 'withdrawn') = 'withdrawn'
order by report.event_time, report.trans_num;
