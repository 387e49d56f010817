-- What a day is compared with, on the page and in the morning mail: the same weekday of the last four weeks; while
-- there is none, the six days before. A day without any payment does not count, nor does the first day that has one:
-- as a rule it is not a whole day. Grain: one earlier day, with its bounds; none where nothing is usual yet.
create or replace function report_usual_days(
    day date, out days_ago integer, out starts_at timestamptz, out ends_at timestamptz
) returns setof record
language sql stable parallel safe rows 4
as $$
    with earlier as (
        select
            ago.days_ago,
            ago.days_ago % 7 = 0 as is_same_weekday,
            report_day_start(day - ago.days_ago) as starts_at,
            report_day_start(day - ago.days_ago + 1) as ends_at
        from unnest(array[7, 14, 21, 28, 1, 2, 3, 4, 5, 6]) as ago (days_ago)
    ),

    known as materialized (
        select earlier.*
        from earlier
        where
            earlier.starts_at > (select min(amounts.event_time) from v_payment_amounts as amounts)
            and exists (
                select 1
                from v_payment_amounts as amounts
                where amounts.event_time >= earlier.starts_at and amounts.event_time < earlier.ends_at
            )
    )

    select
        known.days_ago,
        known.starts_at,
        known.ends_at
    from known
    where known.is_same_weekday or not exists (select 1 from known as week where week.is_same_weekday)
    order by known.days_ago
$$;
