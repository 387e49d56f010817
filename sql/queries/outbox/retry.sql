-- Put refused messages (and, if asked, those a flood held back) in the queue again, unchanged; all, or those named.
update outbox
set
    status = 'pending',
    attempts = 0,
    next_attempt_at = coalesce(cast(%(now)s as timestamptz), clock_timestamp())
where
    (
        status = 'failed'
        or (%(held)s and status = 'suppressed' and last_error = 'flood')
    )
    and (cast(%(message_ids)s as text[]) is null or message_id = any(cast(%(message_ids)s as text[])))
returning message_id
