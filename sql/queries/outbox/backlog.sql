-- What waits and what was refused: counts, and the age of the oldest message that waits. Grain: one row.
select
    count(*) filter (where status = 'pending') as pending,
    count(*) filter (where status = 'failed') as failed,
    coalesce(
        extract(
            epoch from coalesce(cast(%(now)s as timestamptz), clock_timestamp())
            - min(created_at) filter (where status = 'pending')
        ),
        0
    )::double precision as oldest_pending_seconds
from outbox
where status in ('pending', 'failed')
