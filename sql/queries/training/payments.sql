-- Stored payments with the label in force today (null: not known), for training. Refunds are left out.
-- Grain: one payment. :since, :until
-- noqa: disable=RF02
select
    payments.trans_num,
    (extract(epoch from payments.event_time) * 1000000)::bigint as event_time,
    payments.first_landing_seq as landing_seq,
    payments.amount_cents,
    payments.currency,
    payments.card_token,
    payments.merchant,
    payments.category,
    payments.home_lat,
    payments.home_long,
    payments.merch_lat,
    payments.merch_long,
    payments.city_pop,
    payments.age_years,
    (report.label = 'fraud')::integer as payload_is_fraud
from payments_scored as payments
inner join v_fraud_report as report on payments.trans_num = report.trans_num
where
    payments.event_time >= %(since)s
    and payments.event_time < %(until)s
    -- said of both, so that the report is not made of all payments
    and report.event_time >= %(since)s
    and report.event_time < %(until)s
    and not payments.is_refund
order by payments.event_time, payments.trans_num
