-- Keep a message that its server refused for good: visible, sent again only on demand.
update outbox
set
    status = 'failed',
    lease = null,
    leased_until = null,
    last_error = %(error)s
where
    message_id = %(message_id)s
    and lease = cast(%(lease)s as uuid)
    and status = 'pending'
