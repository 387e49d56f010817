-- Merchant profiles counted payment by payment: for days of which the sums in merchant_days cannot tell (see
-- profiles/compute.sql), and what a test holds those sums against. What was known when the day's first payment landed.
-- Counted are whole days of the report's calendar before the day, and only payments that landed before the first batch
-- that brought a payment of the day or of a later one; labels, shifted by the label delay, only if known before the
-- day began: chargeback before verdict before payload, the latest of each.
-- Grain: one day and merchant of which anything is known.
with
settings as (
    select
        time_zone,
        label_delay,
        ceil(extract(epoch from label_delay) / 86400)::integer as delay_days
    from report_settings
),

-- near_start is two hours early: where clocks change at midnight, the local date decides
days as (
    select
        wanted.profile_day,
        settings.time_zone,
        settings.label_delay,
        settings.delay_days,
        (wanted.profile_day::timestamp at time zone settings.time_zone) - interval '2 hours' as near_start
    from unnest(%(days)s::date[]) as wanted (profile_day)
    cross join settings
),

asked as (
    select
        days.*,
        least(
            (
                select min(payments.first_landing_seq)
                from payments_scored as payments
                where
                    payments.event_time >= days.near_start
                    and (payments.event_time at time zone days.time_zone)::date >= days.profile_day
                    and not payments.is_refund
            ),
            %(before_seq)s::bigint
        ) as opened_by
    from days
    where
        exists (
            select 1 from payments_scored as payments
            where
                payments.event_time >= days.near_start - make_interval(days => days.delay_days + 31)
                and payments.event_time < days.near_start + interval '4 hours'
        )
),

counted as (
    select
        asked.profile_day,
        payments.trans_num,
        payments.merchant,
        asked.delay_days,
        asked.profile_day - (payments.event_time at time zone asked.time_zone)::date as days_ago,
        case
            when ((payments.event_time + asked.label_delay) at time zone asked.time_zone)::date < asked.profile_day
                then payments.payload_is_fraud
        end as payload_is_fraud
    from asked
    cross join lateral (
        select
            stored.trans_num,
            stored.merchant,
            stored.event_time,
            stored.payload_is_fraud
        from payments_scored as stored
        where
            stored.event_time >= asked.near_start - make_interval(days => asked.delay_days + 31)
            and stored.event_time < asked.near_start + interval '4 hours'
            and stored.first_landing_seq < asked.opened_by
            and not stored.is_refund
    ) as payments
),

-- the last word of each source before the day
last_words as (
    select distinct on (asked.profile_day, labels.trans_num, labels.source)
        asked.profile_day,
        labels.trans_num,
        labels.source,
        labels.verdict
    from asked
    inner join labels on (labels.known_at at time zone asked.time_zone)::date < asked.profile_day
    order by
        asked.profile_day asc, labels.trans_num asc, labels.source asc, labels.known_at desc,
        labels.landing_seq desc nulls last, labels.label_id desc
),

said as (
    select distinct on (profile_day, trans_num)
        profile_day,
        trans_num,
        verdict = 'fraud' as is_fraud
    from last_words
    where verdict in ('fraud', 'not_fraud')
    order by profile_day, trans_num, array_position(array['chargeback', 'verdict', 'payload'], source) asc
),

labelled as (
    select
        counted.profile_day,
        counted.merchant,
        counted.days_ago,
        counted.days_ago - counted.delay_days as label_days_ago,
        coalesce(said.is_fraud, counted.payload_is_fraud) as is_fraud
    from counted
    left join said on counted.profile_day = said.profile_day and counted.trans_num = said.trans_num
),

profiles as (
    select
        profile_day,
        merchant,
        count(*) filter (where days_ago between 1 and 7) as payments_7d,
        count(*) filter (where days_ago between 1 and 30) as payments_30d,
        count(is_fraud) filter (where label_days_ago between 1 and 7) as labelled_7d,
        count(is_fraud) filter (where label_days_ago between 1 and 30) as labelled_30d,
        count(*) filter (where is_fraud and label_days_ago between 1 and 7) as frauds_7d,
        count(*) filter (where is_fraud and label_days_ago between 1 and 30) as frauds_30d
    from labelled
    group by profile_day, merchant
)

select * from profiles
where payments_30d > 0 or labelled_30d > 0
order by profile_day, merchant
