-- Mark a message as accepted by its server, if the lease was not given to another sender meanwhile.
update outbox
set
    status = 'sent',
    sent_at = coalesce(cast(%(now)s as timestamptz), clock_timestamp()),
    lease = null,
    leased_until = null,
    last_error = null
where
    message_id = %(message_id)s
    and lease = cast(%(lease)s as uuid)
    and status = 'pending'
returning batch_id
