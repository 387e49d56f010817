-- Write what a replay changed: what it inserted and updated is added up, the rest is as of now.
update run_ledger
set
    seconds = :seconds,
    received = :received,
    valid = :valid,
    quarantined = :quarantined,
    dropped = nullif(:dropped, '')::jsonb,
    inserted = inserted + :inserted,
    updated = updated + :updated,
    events = events + :events,
    unchanged = greatest(:valid - inserted - updated - events - :inserted - :updated - :events, 0),
    flagged = (
        select count(*)
        from payments_scored as payments
        where payments.batch_id = run_ledger.batch_id and payments.flagged
    ),
    scored_by = coalesce(:scored_by, scored_by),
    fallback_reason = case when :scored_by::text is null then fallback_reason else nullif(:fallback_reason, '') end,
    invoked_variant = case when :scored_by::text is null then invoked_variant else nullif(:invoked_variant, '') end,
    threshold = coalesce(:threshold, threshold),
    model_hash = coalesce(:model_hash, model_hash),
    note = nullif(:note, '')
where batch_id = :batch_id
