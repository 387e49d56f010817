-- What sums over many days need and nothing else, so that the index on event_time answers alone
-- (unless merchant is asked for).
-- Grain: one payment. Refunds have a negative amount_cents. Labels are not here: see v_fraud_report.
create or replace view v_payment_amounts as
select
    payments.event_time,
    payments.currency,
    payments.amount_cents,
    payments.flagged,
    payments.merchant
from payments_scored as payments;
