-- Count a run that got no usable scores; from :failures in a row on the breaker is open for a pause.
-- :endpoint, :error, :failures, :pause_seconds
insert into circuit_breaker as breaker (endpoint, failed_runs, last_error, open_until)
values (
    %(endpoint)s,
    1,
    %(error)s,
    case when %(failures)s <= 1 then now() + make_interval(secs => %(pause_seconds)s) end
)
on conflict (endpoint) do update
    set
        failed_runs = breaker.failed_runs + 1,
        last_error = excluded.last_error,
        open_until = case
            when breaker.failed_runs + 1 >= %(failures)s then now() + make_interval(secs => %(pause_seconds)s)
        end,
        changed_at = now()
