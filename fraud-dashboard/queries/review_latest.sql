-- The latest verdicts with who gave them, when, and of what. Grain: one statement; the last :most.
with latest as materialized (
    select
        said.label_id,
        said.trans_num,
        said.verdict,
        said.known_at_local,
        said.author,
        said.note
    from v_payment_statements as said
    where said.source = 'verdict'
    order by said.label_id desc
    limit %(most)s
)

select
    latest.*,
    report.merchant,
    report.amount,
    report.currency
from latest
cross join lateral report_of(latest.trans_num) as report
order by latest.label_id desc;
