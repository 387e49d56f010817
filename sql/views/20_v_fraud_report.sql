-- Every payment with what was decided about it and what is known of it today.
-- Grain: one payment. `flagged` is our decision; `label` (fraud, not_fraud, null: not known) is what others say:
-- chargeback before verdict before payload, the payload's only once the label delay has passed.
-- Filter by event_time (report_day_bounds gives a day's range): an index serves it. report_day is for display.
-- It has seven relations so that it can be joined with one more: PostgreSQL orders up to eight (join_collapse_limit)
-- together; beyond, it would make the report of all payments first.
create or replace view v_fraud_report as
select
    payments.trans_num,
    (payments.event_time at time zone (select report_time_zone()))::date as report_day,
    payments.event_time,
    payments.event_time at time zone (select report_time_zone()) as event_time_local,
    payments.amount_cents,
    amount_major(payments.amount_cents, payments.currency) as amount,
    payments.currency,
    payments.is_refund,
    payments.card_last4,
    payments.merchant,
    payments.category,
    payments.city,
    payments.state,
    payments.merch_lat,
    payments.merch_long,
    payments.fraud_probability,
    payments.raw_score,
    payments.threshold,
    payments.flagged,
    payments.reasons,
    payments.scored_by,
    payments.scored_at,
    payments.model_hash,
    in_force.label,
    case
        when in_force.label is null then null
        when chargeback.verdict in ('fraud', 'not_fraud') then 'chargeback'
        when verdict.verdict in ('fraud', 'not_fraud') then 'verdict'
        else 'payload'
    end as label_source,
    verdict.verdict,
    verdict.author as verdict_author,
    verdict.recorded_at as verdict_at,
    verdict.note as verdict_note,
    payments.batch_id,
    payments.first_batch_id,
    payments.landing_seq
from payments_scored as payments
left join v_latest_labels as chargeback
    on payments.trans_num = chargeback.trans_num and chargeback.source = 'chargeback'
left join v_latest_labels as verdict
    on payments.trans_num = verdict.trans_num and verdict.source = 'verdict'
left join v_latest_labels as late_payload
    on payments.trans_num = late_payload.trans_num and late_payload.source = 'payload'
cross join lateral ( -- noqa: ST05
    select
        case
            when chargeback.verdict in ('fraud', 'not_fraud') then chargeback.verdict
            when verdict.verdict in ('fraud', 'not_fraud') then verdict.verdict
            when late_payload.verdict in ('fraud', 'not_fraud') then late_payload.verdict
            when payments.event_time + (select report_label_delay()) > report_now() then null
            when payments.payload_is_fraud then 'fraud'
            when not payments.payload_is_fraud then 'not_fraud'
        end as label
) as in_force;
