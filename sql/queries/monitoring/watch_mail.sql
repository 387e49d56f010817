-- Messages that wait or were refused within the last day, and since when the oldest waits. Grain: one row.
select
    count(*) filter (where status = 'pending') as pending,
    min(created_at) filter (where status = 'pending') as oldest_pending_at,
    count(*) filter (where status = 'failed' and created_at >= %(now)s::timestamptz - interval '1 day') as refused,
    coalesce(max(last_error) filter (where status in ('pending', 'failed')), '') as last_error
from outbox
where status in ('pending', 'failed')
