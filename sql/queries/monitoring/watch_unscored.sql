-- Whether anything that was loaded lately is scored, and what came instead. Lately: within a quarter of an hour, and
-- before that as far back within a day as twenty records take. Repeats count for nothing: where each window begins
-- :lag_minutes earlier, a refused record comes in so many more answers. Grain: one row.
-- noqa: disable=RF02,AM09
with loaded as (
    select
        batch_id,
        loaded_at,
        inserted + updated as payments,
        quarantined::numeric / (%(lag_minutes)s + 1) as refused,
        inserted + updated + events + quarantined::numeric / (%(lag_minutes)s + 1) as records
    from run_ledger
    where loaded_at >= %(now)s::timestamptz - interval '1 day' and kind <> 'history'
),

counted as (
    select
        batch_id,
        loaded_at,
        payments,
        refused,
        sum(records) over (order by loaded_at desc, batch_id asc) - records as later
    from loaded
),

latest as (
    select
        batch_id,
        payments,
        refused
    from counted
    where loaded_at >= %(now)s::timestamptz - interval '15 minutes' or later < 20
),

latest_events as (
    select kind
    from payment_events
    where batch_id in (select latest.batch_id from latest)
    order by event_id desc
    limit 200
),

kinds as (
    select
        kind,
        count(*) as events
    from latest_events
    group by kind
)

select
    coalesce(sum(latest.payments), 0)::bigint as payments,
    coalesce((
        select true
        from payments_scored as scored
        where scored.batch_id in (select latest.batch_id from latest) and scored.raw_score is not null
        limit 1
    ), false) as is_scored,
    coalesce((
        select false
        from payments_scored as positive
        where positive.batch_id in (select latest.batch_id from latest) and positive.amount_cents >= 0
        limit 1
    ), true) as all_negative,
    (select coalesce(sum(kinds.events), 0)::bigint from kinds) as events,
    (
        select coalesce(string_agg(kinds.events || ' ' || kinds.kind, ', ' order by kinds.kind), '')
        from kinds
    ) as event_kinds,
    coalesce(round(sum(latest.refused)), 0)::bigint as refused
from latest
