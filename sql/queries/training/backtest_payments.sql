-- Scored payments of a period with the label in force today; the live decision, or a shadow model's.
-- Grain: one payment. :since, :until, :model_hash (its first digits; null: whatever model was live)
-- noqa: disable=RF02
select
    report.trans_num,
    (extract(epoch from report.event_time) * 1000000)::bigint as event_time,
    report.amount_cents,
    report.currency,
    coalesce(shadow.fraud_probability, report.fraud_probability) as fraud_probability,
    report.label
from v_fraud_report as report
left join shadow_scores as shadow
    on report.trans_num = shadow.trans_num and starts_with(shadow.model_hash, %(model_hash)s::text)
where
    report.event_time >= %(since)s
    and report.event_time < %(until)s
    and not report.is_refund
    and case
        when %(model_hash)s::text is null then report.fraud_probability is not null
        else shadow.model_hash is not null or starts_with(report.model_hash, %(model_hash)s::text)
    end
order by report.event_time, report.trans_num
