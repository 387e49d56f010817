-- Minutes that settled after a time: done and mailed (or 10 s gone by), failed, or missed. Grain: one minute.
select
    batch_id,
    minute,
    status,
    received,
    inserted,
    flagged,
    alerted,
    quarantined,
    lag_seconds,
    scored_by,
    error
from run_ledger
where
    kind = 'minute'
    and status <> 'landed'
    and (loaded_at > %(since)s or (loaded_at is null and landed_at > %(since)s))
    and (flagged = alerted or loaded_at is null or loaded_at < now() - interval '10 seconds')
order by minute
