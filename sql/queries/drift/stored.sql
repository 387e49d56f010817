-- What is kept of a day for a model, the farthest feature first. Grain: one feature.
select
    drift.feature,
    drift.feature_group,
    drift.psi,
    drift.state,
    drift.is_young,
    drift.missing_share,
    drift.bins,
    drift.reference_shares,
    drift.day_shares
from v_feature_drift as drift
where drift.day = %(day)s and drift.model_hash = %(model_hash)s
order by drift.psi desc, drift.feature asc
