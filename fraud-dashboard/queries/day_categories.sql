-- A day's payments, decisions and labels by category; their sums are the day's totals. Payments leave refunds out.
-- Grain: one currency and category (null: the payments API named none).
select
    report.currency,
    report.category,
    count(*) filter (where not report.is_refund) as payments,
    coalesce(sum(report.amount_cents) filter (where not report.is_refund), 0) / 100.0 as amount,
    count(*) filter (where report.is_refund) as refunds,
    coalesce(-sum(report.amount_cents) filter (where report.is_refund), 0) / 100.0 as refund_amount,
    count(*) filter (where report.flagged) as flagged,
    coalesce(sum(report.amount_cents) filter (where report.flagged), 0) / 100.0 as flagged_amount,
    count(report.label) as labelled,
    count(*) filter (where report.label = 'fraud') as frauds,
    coalesce(sum(report.amount_cents) filter (where report.label = 'fraud'), 0) / 100.0 as fraud_amount,
    count(*) filter (where report.label = 'fraud' and report.flagged) as frauds_flagged,
    count(*) filter (where report.scored_by = 'local-fallback') as fallback
from v_fraud_report as report
where
    report.event_time >= (select report_day_start(cast(:day as date)))
    and report.event_time < (select report_day_start(cast(:day as date) + 1))
group by report.currency, report.category
order by report.currency asc, flagged_amount desc, payments desc;
