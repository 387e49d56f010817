-- The ledger's last lines, latest first; history only if asked for.
-- Grain: one batch.
select
    batch_id,
    kind,
    minute,
    status,
    landing_seq,
    attempts,
    unanswered,
    lone_unanswered,
    refusals,
    passed_for,
    landed_at,
    loaded_at,
    lag_seconds,
    seconds,
    received,
    valid,
    quarantined,
    dropped,
    inserted,
    updated,
    unchanged,
    events,
    flagged,
    alerted,
    scored_by,
    fallback_reason,
    invoked_variant,
    threshold,
    model_hash,
    error,
    note
from run_ledger
where
    kind = any(%(kinds)s)
    and (%(batch_ids)s::text[] is null or batch_id = any(%(batch_ids)s::text[]))
order by minute desc nulls last, landing_seq desc
limit %(at_most)s
