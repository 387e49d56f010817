-- Merchant profiles of days that are not written yet: what was known when the day's first payment landed.
-- Counted are whole days of the report's calendar before the day, and only payments that landed before the first batch
-- that brought a payment of the day or of a later one; labels, shifted by the label delay, only if known before the
-- day began. All of it stands in merchant_days, in sums. A span of landings that the day was opened within cannot be
-- told apart: then the whole day is in doubt, and profiles/recount.sql counts it payment by payment.
-- Grain: one day and merchant of which anything is known.
with
days as (
    select
        wanted.profile_day,
        settings.time_zone,
        %(before_seq)s::bigint as before_seq,
        ceil(extract(epoch from settings.label_delay) / 86400)::integer as delay_days
    from unnest(%(days)s::date[]) as wanted (profile_day)
    cross join report_settings as settings
),

-- once a day asked, not once a row added up; two hours early: where clocks change at midnight, the local date decides
asked as materialized (
    select
        days.*,
        case
            when
                exists (
                    select 1
                    from merchant_days as kept
                    where kept.event_day >= days.profile_day
                )
                then least(
                    (
                        select min(payments.first_landing_seq)
                        from payments_scored as payments
                        where
                            payments.event_time
                            >= (days.profile_day::timestamp at time zone days.time_zone) - interval '2 hours'
                            and (payments.event_time at time zone days.time_zone)::date >= days.profile_day
                            and not payments.is_refund
                    ),
                    days.before_seq
                )
            else days.before_seq
        end as opened_by
    from days
    where
        exists (
            select 1
            from merchant_days as kept
            where
                kept.event_day between days.profile_day - days.delay_days - 30 and days.profile_day - 1
                and kept.first_seq < days.before_seq
        )
),

counted as (
    select
        asked.profile_day,
        kept.merchant,
        kept.payments,
        case when kept.from_day <= asked.profile_day then kept.labelled else 0 end as labelled,
        case when kept.from_day <= asked.profile_day then kept.frauds else 0 end as frauds,
        asked.profile_day - kept.event_day as days_ago,
        asked.profile_day - kept.event_day - asked.delay_days as label_days_ago,
        kept.last_seq >= asked.opened_by as in_doubt
    from asked
    inner join merchant_days as kept
        on
            kept.event_day between asked.profile_day - asked.delay_days - 30 and asked.profile_day - 1
            and asked.opened_by > kept.first_seq
),

profiles as (
    select
        profile_day,
        merchant,
        coalesce(sum(payments) filter (where days_ago between 1 and 7), 0)::bigint as payments_7d,
        coalesce(sum(payments) filter (where days_ago between 1 and 30), 0)::bigint as payments_30d,
        coalesce(sum(labelled) filter (where label_days_ago between 1 and 7), 0)::bigint as labelled_7d,
        coalesce(sum(labelled) filter (where label_days_ago between 1 and 30), 0)::bigint as labelled_30d,
        coalesce(sum(frauds) filter (where label_days_ago between 1 and 7), 0)::bigint as frauds_7d,
        coalesce(sum(frauds) filter (where label_days_ago between 1 and 30), 0)::bigint as frauds_30d,
        bool_or(in_doubt) as in_doubt
    from counted
    group by profile_day, merchant
)

select * from profiles
where payments_30d > 0 or labelled_30d > 0 or in_doubt
order by profile_day, merchant
