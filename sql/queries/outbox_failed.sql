-- Keep a message that its server refused for good: visible, sent again only on demand.
update outbox
set
    status = 'failed',
    lease = null,
    leased_until = null,
    last_error = :error
where
    message_id = :message_id
    and lease = cast(:lease as uuid)
    and status = 'pending'
