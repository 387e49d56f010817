-- Ask whether this run may ask the endpoint. Of the runs that come after a pause one alone may: the probe;
-- for the others the breaker stays open for another pause. Grain: one row; none: everybody may.
-- :endpoint, :pause_seconds
with
probe as (
    update circuit_breaker
    set
        open_until = now() + make_interval(secs => %(pause_seconds)s),
        changed_at = now()
    where endpoint = %(endpoint)s and open_until <= now()
    returning endpoint
),

state as (
    select
        failed_runs,
        open_until,
        coalesce(last_error, '') as last_error,
        open_until is null or exists (select 1 from probe) as may_ask
    from circuit_breaker
    where endpoint = %(endpoint)s
)

select * from state
