-- What reviewers said of the random sample of unflagged payments: the verdict in force.
-- Grain: one verdict (fraud, not_fraud). Payments are looked up one by one: a sample is small, the day is not.
with sampled as materialized (
    select distinct said.trans_num
    from v_payment_statements as said
    where said.source = 'verdict' and said.note like 'random sample%'
)

select
    report.verdict,
    count(*) as payments
from sampled
cross join
    lateral (
        select
            one.verdict,
            one.flagged
        from v_fraud_report as one
        where one.trans_num = sampled.trans_num
        order by one.trans_num
        limit 1
    ) as report
where not report.flagged and report.verdict in ('fraud', 'not_fraud')
group by report.verdict;
