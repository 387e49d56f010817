-- Every merchant profile that live runs have read.
-- Grain: one day and merchant.
select
    profile_day,
    merchant,
    payments_7d,
    payments_30d,
    labelled_7d,
    labelled_30d,
    frauds_7d,
    frauds_30d
from merchant_profiles
order by profile_day, merchant
