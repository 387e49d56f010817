-- Endpoints that are not asked now because they failed too often. Grain: one endpoint.
select
    endpoint,
    open_until,
    failed_runs,
    coalesce(last_error, '') as last_error
from circuit_breaker
where open_until > %(now)s::timestamptz
order by endpoint
