-- Whether anything of the latest day is scored, and what came instead. Grain: one row.
with latest as (
    select
        raw_score,
        amount_cents
    from payments_scored
    where event_time >= :now::timestamptz - interval '1 day'
    order by event_time desc
    limit 200
),

latest_events as (
    select
        kind,
        event_time
    from payment_events
    order by event_id desc
    limit 200
),

kinds as (
    select
        kind,
        count(*) as events
    from latest_events
    where event_time >= :now::timestamptz - interval '1 day'
    group by kind
),

refused as (
    select coalesce(sum(quarantined), 0)::bigint as records
    from run_ledger
    where minute >= :now::timestamptz - interval '1 day'
)

select
    count(*) as payments,
    count(latest.raw_score) as scored,
    count(*) filter (where latest.amount_cents < 0) as negative,
    (select coalesce(sum(kinds.events), 0)::bigint from kinds) as events,
    (
        select coalesce(string_agg(kinds.events || ' ' || kinds.kind, ', ' order by kinds.kind), '')
        from kinds
    ) as event_kinds,
    (select refused.records from refused) as refused
from latest
