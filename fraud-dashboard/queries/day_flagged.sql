-- A day's flagged payments of one currency, the largest expected loss (amount times probability) first.
-- Grain: one flagged payment; at most :most of them.
select
    trans_num,
    event_time_local,
    amount,
    currency,
    card_last4,
    merchant,
    category,
    city,
    state,
    merch_lat,
    merch_long,
    fraud_probability,
    threshold,
    reasons,
    label,
    label_source,
    verdict,
    scored_by,
    payment_event_list(trans_num) as events
from v_fraud_report
where
    flagged
    and currency = %(currency)s
    and event_time >= (select report_day_start(cast(%(day)s as date)))
    and event_time < (select report_day_start(cast(%(day)s as date) + 1))
order by amount * fraud_probability desc, trans_num asc
limit %(most)s;
