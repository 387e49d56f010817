-- Flagged payments of the last :days days that nobody has decided on: the largest expected loss of each currency (the
-- most probable of them first), then the second largest of each. Amounts of different currencies are never compared.
-- `state` says which: waiting (no verdict, no other label) or unsure. Grain: one payment; the first :most.
with undecided as (
    select
        report.*,
        row_number() over (
            partition by report.currency order by report.amount * report.fraud_probability desc, report.trans_num asc
        ) as place_in_currency
    from v_fraud_report as report
    where
        report.flagged
        and report.event_time >= report_now() - %(days)s * interval '1 day'
        and report.label is null
        and case %(state)s
            when 'unsure' then report.verdict = 'unsure'
            else coalesce(report.verdict, 'withdrawn') = 'withdrawn'
        end
)

select
    trans_num,
    event_time,
    event_time_local,
    amount,
    currency,
    is_refund,
    card_last4,
    merchant,
    category,
    city,
    state,
    fraud_probability,
    threshold,
    flagged,
    reasons,
    label,
    label_source,
    verdict,
    count(*) over () as undecided
from undecided
order by place_in_currency asc, fraud_probability desc, trans_num asc
limit %(most)s;
