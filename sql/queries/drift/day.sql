-- What there is of a day to compare. Grain: one row.
select
    found.starts_at,
    found.ends_at,
    found.is_over,
    found.has_earlier,
    found.is_waiting,
    found.payments
from drift_day(%(day)s) as found
