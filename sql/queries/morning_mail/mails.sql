-- What became of the alerts that were made on a day. Grain: one row.
with bounds as materialized (
    select * from report_day_bounds(%(day)s)
)

select
    count(*) filter (where messages.status = 'failed') as refused,
    count(*) filter (where messages.status = 'pending') as waiting
from v_outbox as messages
cross join bounds
where
    messages.kind = 'alert'
    and messages.created_at >= bounds.starts_at
    and messages.created_at < bounds.ends_at
