-- Put refused messages (and, if asked, those a flood held back) in the queue again, unchanged; all, or those named.
update outbox
set
    status = 'pending',
    attempts = 0,
    next_attempt_at = coalesce(cast(:now as timestamptz), clock_timestamp())
where
    (
        status = 'failed'
        or (:held and status = 'suppressed' and last_error = 'flood')
    )
    and (cast(:message_ids as text[]) is null or message_id = any(cast(:message_ids as text[])))
returning message_id
