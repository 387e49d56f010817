-- What the watchdog needs of the ledger's last two days; what was passed and nobody gave up, however old. Repeats are
-- no sign of life: where windows overlap (:lag_minutes), refused records may be repeats too. Grain: one row.
with minutes as (
    select
        minute,
        status,
        loaded_at,
        inserted + updated + events + case when %(lag_minutes)s = 0 then quarantined else 0 end as fresh,
        scored_by,
        fallback_reason,
        note
    from run_ledger
    where minute >= %(now)s::timestamptz - interval '2 days'
),

fallbacks as (
    select
        count(*) as minutes,
        max(fallback_reason) as reason
    from minutes
    where
        scored_by = 'local-fallback'
        and loaded_at >= %(now)s::timestamptz - make_interval(secs => %(fallback_seconds)s)
),

failed as (
    select
        batch_id,
        landing_seq,
        error,
        coalesce(passed_for, '') = 'lone_runs' as is_killer,
        coalesce(tried_again_at, passed_at + interval '1 minute')
        < %(now)s::timestamptz - interval '2 minutes' as is_final
    from run_ledger
    where
        status = 'failed'
        and kind <> 'history'
        and coalesce(passed_for, '') <> 'hand'
        and (passed_for is not null or coalesce(minute, landed_at) >= %(now)s::timestamptz - interval '2 days')
),

noted as (
    select
        count(*) as minutes,
        max(note) as note
    from minutes
    where note is not null and loaded_at >= %(now)s::timestamptz - make_interval(secs => %(fallback_seconds)s)
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
    noted.minutes as noted_minutes,
    coalesce(noted.note, '') as note,
    (
        select count(*) from failed
        where not failed.is_killer
    ) as failed_minutes,
    coalesce((
        select failed.error from failed
        where not failed.is_killer
        order by failed.landing_seq desc
        limit 1
    ), '') as failed_error,
    (
        select coalesce(string_agg(failed.batch_id, ', ' order by failed.batch_id), '') from failed
        where failed.is_killer and failed.is_final
    ) as killers,
    (select max(minutes.minute) from minutes) as last_minute,
    (select max(minutes.loaded_at) from minutes) as last_completed_at,
    (
        select max(minutes.minute) from minutes
        where minutes.fresh > 0
    ) as last_minute_with_payments
from waiting
cross join fallbacks
cross join noted
