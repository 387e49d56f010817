-- What sums over many days need and nothing else, so that the index on event_time answers alone
-- (unless merchant or trans_num is asked for).
-- Grain: one payment. Refunds have a negative amount_cents. Labels are not here: see v_fraud_report.
create or replace view v_payment_amounts as
select
    payments.event_time,
    payments.currency,
    payments.amount_cents,
    payments.category,
    payments.flagged,
    payments.merchant,
    payments.trans_num
from payments_scored as payments;

-- The payments that the payments API called fraud, as far as that counts as known: a short list by an index of its own.
-- Grain: one payment. Another source may say otherwise: v_fraud_report has the label in force.
create or replace view v_payload_frauds as
select
    payments.trans_num,
    payments.event_time
from payments_scored as payments
where payments.payload_is_fraud and payments.event_time + (select report_label_delay()) <= report_now();
