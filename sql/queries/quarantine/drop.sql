-- Records that shall never become payments: named ones, or the open ones of a reason.
update quarantine
set status = 'dropped'
where
    status = 'open'
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s::bigint[]))
    and (%(reason)s::text is null or reason = %(reason)s)
returning quarantine_id
