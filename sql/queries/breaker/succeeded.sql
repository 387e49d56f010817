-- Close an endpoint's breaker: a run got its scores.
-- :endpoint
update circuit_breaker
set
    failed_runs = 0,
    open_until = null,
    last_error = null,
    changed_at = now()
where endpoint = %(endpoint)s
