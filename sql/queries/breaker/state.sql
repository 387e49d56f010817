-- What is remembered of an endpoint's failures. Grain: one row; none: it never failed.
-- :endpoint
select
    failed_runs,
    open_until,
    coalesce(last_error, '') as last_error,
    coalesce(open_until <= now(), true) as may_ask
from circuit_breaker
where endpoint = %(endpoint)s
