-- What shadow models would have decided, beside what the live one did.
-- Grain: one payment and shadow model. Filter by event_time.
create or replace view v_shadow_decisions as
select
    payments.trans_num,
    payments.event_time,
    payments.currency,
    amount_major(payments.amount_cents, payments.currency) as amount,
    payments.flagged as live_flagged,
    payments.fraud_probability as live_probability,
    shadow.model_hash as shadow_model_hash,
    shadow.flagged as shadow_flagged,
    shadow.fraud_probability as shadow_probability,
    shadow.threshold as shadow_threshold
from payments_scored as payments
inner join shadow_scores as shadow on payments.trans_num = shadow.trans_num;
