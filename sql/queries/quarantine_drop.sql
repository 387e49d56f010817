-- Records that shall never become payments: named ones, or the open ones of a reason.
update quarantine
set status = 'dropped'
where
    status = 'open'
    and (:ids::bigint[] is null or quarantine_id = any(:ids::bigint[]))
    and (:reason::text is null or reason = :reason)
returning quarantine_id
