-- Write merchant profiles of days that have none yet; a profile that is written never changes.
insert into merchant_profiles (
    profile_day, merchant, payments_7d, payments_30d, labelled_7d, labelled_30d, frauds_7d, frauds_30d
)
select
    computed.profile_day,
    computed.merchant,
    computed.payments_7d,
    computed.payments_30d,
    computed.labelled_7d,
    computed.labelled_30d,
    computed.frauds_7d,
    computed.frauds_30d
from
    unnest(
        %(profile_day)s::date[], %(merchant)s::text[], %(payments_7d)s::bigint[], %(payments_30d)s::bigint[],
        %(labelled_7d)s::bigint[], %(labelled_30d)s::bigint[], %(frauds_7d)s::bigint[], %(frauds_30d)s::bigint[]
    )
        as computed (
            profile_day, merchant, payments_7d, payments_30d, labelled_7d, labelled_30d, frauds_7d, frauds_30d
        )
where
    not exists (
        select 1
        from merchant_profiles as written
        where written.profile_day = computed.profile_day and written.merchant = computed.merchant
    )
order by computed.profile_day, computed.merchant
on conflict (profile_day, merchant) do nothing
