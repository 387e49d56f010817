-- A feature's distribution on a day beside training's. Grain: one bin, in order; what is missing comes last.
select
    bins.place,
    bins.bin,
    bins.training,
    bins.that_day
from v_feature_drift as drift
cross join
    lateral unnest(drift.bins, drift.reference_shares, drift.day_shares)
    with ordinality as bins (bin, training, that_day, place)
where drift.day = %(day)s and drift.model_hash = %(model_hash)s and drift.feature = %(feature)s
order by bins.place;
