-- Count a run that got no usable scores; from :failures in a row on the breaker is open for a pause.
-- :endpoint, :error, :failures, :pause_seconds
insert into circuit_breaker as breaker (endpoint, failed_runs, last_error, open_until)
values (
    :endpoint,
    1,
    :error,
    case when :failures <= 1 then now() + make_interval(secs => :pause_seconds) end
)
on conflict (endpoint) do update
    set
        failed_runs = breaker.failed_runs + 1,
        last_error = excluded.last_error,
        open_until = case
            when breaker.failed_runs + 1 >= :failures then now() + make_interval(secs => :pause_seconds)
        end,
        changed_at = now()
