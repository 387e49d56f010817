-- What reviewers said of the random sample of unflagged payments: the verdict in force.
-- Grain: one verdict (fraud, not_fraud).
with sampled as materialized (
    select distinct said.trans_num
    from v_payment_statements as said
    where said.source = 'verdict' and said.note like 'random sample%'
)

select
    report.verdict,
    count(*) as payments
from sampled
inner join v_fraud_report as report on sampled.trans_num = report.trans_num
where not report.flagged and report.verdict in ('fraud', 'not_fraud')
group by report.verdict;
