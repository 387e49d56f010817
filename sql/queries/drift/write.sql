-- Keep a day's index of each feature. :rows is a JSON array of objects.
-- noqa: disable=RF02
insert into feature_drift (
    day, model_hash, feature, feature_group, psi, missing_share, bins, reference_shares, day_shares
)
select
    %(day)s,
    %(model_hash)s,
    given.feature,
    given.feature_group,
    given.psi,
    given.missing_share,
    given.bins,
    given.reference_shares,
    given.day_shares
from
    jsonb_to_recordset(%(rows)s::jsonb) as given (
        feature text,
        feature_group text,
        psi double precision,
        missing_share double precision,
        bins text[],
        reference_shares real[],
        day_shares real[]
    )
