-- Features of a day that have drifted from the model's training, the farthest first; not those whose look-back reaches
-- further than the payments stored. Grain: one feature.
select
    drift.feature,
    max(drift.psi) as psi
from v_feature_drift as drift
where drift.day = %(day)s and drift.state = 'drifted' and not drift.is_young
group by drift.feature
order by psi desc, drift.feature asc
