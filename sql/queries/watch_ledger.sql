-- What the watchdog needs of the ledger's last two days. Grain: one row.
with minutes as (
    select
        minute,
        status,
        loaded_at,
        received,
        error,
        landing_seq,
        scored_by,
        fallback_reason
    from run_ledger
    where minute >= :now::timestamptz - interval '2 days'
),

fallbacks as (
    select
        count(*) as minutes,
        max(fallback_reason) as reason
    from minutes
    where scored_by = 'local-fallback' and loaded_at >= :now::timestamptz - make_interval(secs => :fallback_seconds)
),

waiting as (
    select count(*) as batches
    from run_ledger
    where status = 'landed' and kind <> 'history'
)

select
    waiting.batches as waiting,
    fallbacks.minutes as fallback_minutes,
    coalesce(fallbacks.reason, '') as fallback_reason,
    (
        select count(*) from minutes
        where minutes.status = 'failed'
    ) as failed_minutes,
    coalesce((
        select minutes.error from minutes
        where minutes.status = 'failed'
        order by minutes.landing_seq desc
        limit 1
    ), '') as failed_error,
    (select max(minutes.minute) from minutes) as last_minute,
    (select max(minutes.loaded_at) from minutes) as last_completed_at,
    (
        select max(minutes.minute) from minutes
        where minutes.received > 0
    ) as last_minute_with_payments
from waiting
cross join fallbacks
