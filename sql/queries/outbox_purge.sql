-- Forget what messages made before a moment said; that they were sent, to whom and about what, stays.
update outbox
set content = '{}'
where
    created_at < :before
    and content <> '{}'
    and (status = 'sent' or (status = 'suppressed' and last_error is distinct from 'flood'))
