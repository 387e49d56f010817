-- The day as the report's calendar has it, and the first day with a payment (null: there is none yet). Grain: one row.
with bounds as materialized (
    select * from report_day_bounds(%(day)s)
)

select
    settings.time_zone,
    settings.currency,
    bounds.starts_at,
    bounds.ends_at,
    bounds.ends_at <= report_now() as is_over,
    (
        select (min(amounts.event_time) at time zone settings.time_zone)::date
        from v_payment_amounts as amounts
    ) as first_day
from v_report_settings as settings
cross join bounds
