-- How probabilities and labels lie together over the last :days whole days: the numbers behind the Model page.
-- Of each hour, the first :slice_seconds are counted (3600: all of it), so that the work stays bounded.
-- Grain: one day, bucket of probability (200 of them; bucket 1 ends at 0.005), label in force.
with days as (
    select report_today() - ago.days_ago as day
    from generate_series(1, %(days)s) as ago (days_ago)
),

hours as (
    select
        days.day,
        report_day_start(days.day + 1) as day_ends_at,
        generate_series(
            report_day_start(days.day), report_day_start(days.day + 1) - interval '1 second', interval '1 hour'
        ) as starts_at
    from days
),

slices as materialized (
    select
        day,
        starts_at,
        least(starts_at + %(slice_seconds)s * interval '1 second', day_ends_at) as ends_at
    from hours
)

select
    slices.day,
    least(width_bucket(report.fraud_probability, 0, 1, 200), 200) as bucket,
    report.label,
    count(*) as payments,
    count(*) filter (where report.flagged) as flagged,
    sum(report.fraud_probability) as probability
from slices
inner join v_fraud_report as report
    on slices.starts_at <= report.event_time and slices.ends_at > report.event_time
where report.fraud_probability is not null
group by slices.day, bucket, report.label
order by slices.day, bucket;
