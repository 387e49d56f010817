-- How far days lie from what the model was measured on. The rule for the index is N. Siddiqi's (Credit Risk
-- Scorecards, Wiley 2006): below 0.1 stable, to 0.25 worth watching, above it another population.

-- Grain: one day and model.
create or replace view v_drift_days as
select
    days.day,
    days.model_hash,
    days.payments,
    days.compared,
    days.whole_day,
    days.reference is not null as has_reference,
    days.reference ->> 'rows' as reference_rows,
    (days.reference ->> 'payments')::bigint as reference_payments,
    days.reference ->> 'from' as reference_from,
    days.reference ->> 'until' as reference_until,
    days.computed_at
from drift_days as days;

-- Grain: one day, model and feature. too_few: below 500 payments, chance alone moves the index too far.
-- is_young: the feature looks back, and further than fraud_db's payments reached on that day.
create or replace view v_feature_drift as
with known as (
    select
        (min(payments.event_time) at time zone report_time_zone())::date as first_day,
        30 + (
            select ceil(extract(epoch from settings.label_delay) / 86400)::integer from report_settings as settings
        ) as look_back_days
    from payments_scored as payments
)

select
    drift.day,
    drift.model_hash,
    drift.feature,
    drift.feature_group,
    drift.psi,
    case
        when days.compared < 500 then 'too_few'
        when drift.psi < 0.1 then 'stable'
        when drift.psi <= 0.25 then 'watch'
        else 'drifted'
    end as state,
    drift.feature_group <> 'payment' and drift.day < known.first_day + known.look_back_days as is_young,
    drift.missing_share,
    drift.bins,
    drift.reference_shares,
    drift.day_shares
from feature_drift as drift
inner join drift_days as days on drift.day = days.day and drift.model_hash = days.model_hash
cross join known;
