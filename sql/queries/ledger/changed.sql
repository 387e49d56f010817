-- Write what a replay changed: what it inserted and updated is added up, the rest is as of now.
update run_ledger
set
    seconds = %(seconds)s,
    received = %(received)s,
    valid = %(valid)s,
    quarantined = %(quarantined)s,
    dropped = nullif(%(dropped)s, '')::jsonb,
    inserted = inserted + %(inserted)s,
    updated = updated + %(updated)s,
    events = events + %(events)s,
    unchanged = greatest(%(valid)s - inserted - updated - events - %(inserted)s - %(updated)s - %(events)s, 0),
    flagged = (
        select count(*)
        from payments_scored as payments
        where payments.batch_id = run_ledger.batch_id and payments.flagged
    ),
    scored_by = coalesce(%(scored_by)s, scored_by),
    fallback_reason = case
        when %(scored_by)s::text is null then fallback_reason
        else nullif(%(fallback_reason)s, '')
    end,
    invoked_variant = case
        when %(scored_by)s::text is null then invoked_variant
        else nullif(%(invoked_variant)s, '')
    end,
    threshold = coalesce(%(threshold)s, threshold),
    model_hash = coalesce(%(model_hash)s, model_hash),
    note = nullif(%(note)s, '')
where batch_id = %(batch_id)s
