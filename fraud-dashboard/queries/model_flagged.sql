-- What became of the flags of the last :days whole days. Grain: one day, label in force and its source.
select
    report.report_day as day,
    report.label,
    report.label_source,
    count(*) as payments
from v_fraud_report as report
where
    report.flagged
    and report.event_time >= (select report_day_start(report_today() - %(days)s))
    and report.event_time < (select report_day_start(report_today()))
group by report.report_day, report.label, report.label_source
order by report.report_day;
