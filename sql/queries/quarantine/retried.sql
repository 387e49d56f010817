-- Records that are payments now.
update quarantine
set status = 'retried'
where status = 'open' and quarantine_id = any(%(ids)s::bigint[])
returning quarantine_id
