-- The circuit breaker of the scoring endpoint. Grain: one endpoint.
select
    breaker.endpoint,
    breaker.is_open,
    breaker.open_until,
    breaker.failed_runs,
    breaker.last_error
from v_circuit_breaker as breaker
order by breaker.endpoint;
