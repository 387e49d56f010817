-- The merchant profiles that are written already, of some days or (null) of all.
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
where %(days)s::date[] is null or profile_day = any(%(days)s::date[])
order by profile_day, merchant
