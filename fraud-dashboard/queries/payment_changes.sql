-- What was decided of a payment before a correction or a rescore, the latest first. Grain: one replaced row.
select
    replaced_at_local,
    why,
    amount,
    currency,
    fraud_probability,
    threshold,
    flagged,
    scored_by,
    model_hash
from v_payment_changes
where trans_num = %(trans_num)s
order by history_id desc;
