-- What the random samples of the last :days whole days say of unflagged payments. A day counts once each payment of its
-- sample has a label or a verdict: what is judged first, because it looks odd, would lean the share.
-- Grain: one row. Frauds of payments are those of the days that count; unsure ones are in neither.
with drawn as (
    select
        ago.days_ago,
        report.label,
        report.verdict
    from generate_series(1, %(days)s) as ago (days_ago)
    cross join lateral report_sample(report_today() - ago.days_ago, %(most)s) as sample
    cross join lateral report_of(sample.trans_num) as report
),

days as (
    select
        days_ago,
        count(*) filter (where label is not null) as payments,
        count(*) filter (where label = 'fraud') as frauds,
        count(*) filter (where label is not null or verdict = 'unsure') as said,
        count(*) as drawn
    from drawn
    group by days_ago
)

select
    coalesce(sum(payments) filter (where said = drawn), 0)::bigint as payments,
    coalesce(sum(frauds) filter (where said = drawn), 0)::bigint as frauds,
    count(*) filter (where said > 0 and said < drawn) as begun
from days;
