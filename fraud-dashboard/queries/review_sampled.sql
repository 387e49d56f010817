-- The payments of a random sample with what is known of them. Grain: one payment.
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
    verdict
from v_fraud_report
where trans_num = any(string_to_array(:trans_nums, ','))
order by event_time, trans_num;
