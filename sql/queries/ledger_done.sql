-- Write what the first load of a batch did; a batch of which nothing could be read has failed.
update run_ledger
set
    status = case when :error = '' then 'done' else 'failed' end,
    unanswered = 0,
    lone_unanswered = 0,
    passed_for = null,
    passed_by = null,
    passed_at = null,
    loaded_at = clock_timestamp(),
    lag_seconds = extract(epoch from clock_timestamp() - (minute + interval '1 minute')),
    seconds = :seconds,
    received = :received,
    valid = :valid,
    quarantined = :quarantined,
    dropped = nullif(:dropped, '')::jsonb,
    inserted = :inserted,
    updated = :updated,
    unchanged = :unchanged,
    events = :events,
    flagged = :flagged,
    scored_by = :scored_by,
    fallback_reason = nullif(:fallback_reason, ''),
    invoked_variant = nullif(:invoked_variant, ''),
    threshold = :threshold,
    model_hash = :model_hash,
    error = nullif(:error, ''),
    note = nullif(:note, '')
where batch_id = :batch_id
