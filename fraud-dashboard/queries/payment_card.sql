-- The payments of a payment's card around it: 30 days before, 7 after; the newest 300.
-- Grain: one payment.
select
    card.trans_num,
    card.event_time,
    card.event_time_local,
    card.amount,
    card.currency,
    card.merchant,
    card.category,
    card.city,
    card.state,
    card.fraud_probability,
    card.flagged,
    card.label,
    card.label_source,
    card.verdict
from v_card_payments as card
where
    card.of_trans_num = %(trans_num)s
    and card.event_time >= cast(%(event_time)s as timestamptz) - interval '30 days'
    and card.event_time <= cast(%(event_time)s as timestamptz) + interval '7 days'
order by card.event_time desc, card.trans_num asc
limit 300;
