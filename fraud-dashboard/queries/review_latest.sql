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
    limit :most
)

select
    latest.*,
    payment.merchant,
    payment.amount,
    payment.currency
from latest
cross join
    lateral (
        select
            one.merchant,
            one.amount,
            one.currency
        from v_fraud_report as one
        where one.trans_num = latest.trans_num
        order by one.trans_num
        limit 1
    ) as payment
order by latest.label_id desc;
