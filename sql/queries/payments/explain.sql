-- One payment with its decision and what the scorer saw. Grain: one row, none if there is no such payment.
-- :trans_num
-- noqa: disable=RF02
select
    report.trans_num,
    report.event_time,
    report.amount,
    report.amount_cents,
    report.currency,
    report.merchant,
    report.category,
    report.card_last4,
    report.is_refund,
    report.raw_score,
    report.fraud_probability,
    report.threshold,
    report.flagged,
    report.reasons,
    report.scored_by,
    report.model_hash,
    report.label,
    report.label_source,
    payments.features,
    payment_event_list(report.trans_num) as events
from v_fraud_report as report
inner join payments_scored as payments on report.trans_num = payments.trans_num
where report.trans_num = %(trans_num)s
