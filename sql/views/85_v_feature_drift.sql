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
        30 + ceil(extract(epoch from (select report_label_delay())) / 86400)::integer as look_back_days
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

-- What there is of a day to compare. One row: its bounds, whether it is over, whether payments of before are stored
-- (the first day ever has only a part of its hours), whether batches of its minutes wait to be loaded, and how many of
-- its payments were scored (refunds are not).
create or replace function drift_day(
    day date,
    out starts_at timestamptz,
    out ends_at timestamptz,
    out is_over boolean,
    out has_earlier boolean,
    out is_waiting boolean,
    out payments bigint
) returns setof record
language sql stable parallel safe rows 1
as $$
    select
        bounds.starts_at,
        bounds.ends_at,
        bounds.ends_at <= report_now(),
        coalesce((select min(ever.event_time) from v_payment_amounts as ever) < bounds.starts_at, false),
        exists(
            select 1
            from v_run_ledger as ledger
            where
                ledger.status = 'landed'
                and ledger.minute >= bounds.starts_at
                and ledger.minute < bounds.ends_at
        ),
        (
            select count(*)
            from v_payment_amounts as amounts
            where
                amounts.event_time >= bounds.starts_at
                and amounts.event_time < bounds.ends_at
                and amounts.amount_cents >= 0
        )
    from report_day_bounds(day) as bounds
$$;
