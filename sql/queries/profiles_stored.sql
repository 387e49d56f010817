-- The merchant profiles that are written already.
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
where profile_day = any(:days::date[])
