-- How far each feature of the last :days days lies from training. Grain: one day, model and feature.
select
    drift.day,
    drift.model_hash,
    drift.feature,
    drift.psi,
    drift.state,
    drift.is_young,
    drift.missing_share
from v_feature_drift as drift
where drift.day >= report_today() - %(days)s
order by drift.day, drift.feature;
