-- Write what the first load of a batch did; a batch of which nothing could be read has failed.
update run_ledger
set
    status = case when %(error)s = '' then 'done' else 'failed' end,
    unanswered = 0,
    lone_unanswered = 0,
    passed_for = null,
    passed_by = null,
    passed_at = null,
    loaded_at = clock_timestamp(),
    lag_seconds = extract(epoch from clock_timestamp() - (minute + interval '1 minute')),
    seconds = %(seconds)s,
    received = %(received)s,
    valid = %(valid)s,
    quarantined = %(quarantined)s,
    dropped = nullif(%(dropped)s, '')::jsonb,
    inserted = %(inserted)s,
    updated = %(updated)s,
    unchanged = %(unchanged)s,
    events = %(events)s,
    flagged = %(flagged)s,
    scored_by = %(scored_by)s,
    fallback_reason = nullif(%(fallback_reason)s, ''),
    invoked_variant = nullif(%(invoked_variant)s, ''),
    threshold = %(threshold)s,
    model_hash = %(model_hash)s,
    error = nullif(%(error)s, ''),
    note = nullif(%(note)s, '')
where batch_id = %(batch_id)s
