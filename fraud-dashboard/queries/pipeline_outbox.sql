-- Messages by channel and state: all that wait or failed, and what was made in the last 24 hours.
-- Grain: one channel, kind and status.
select
    messages.channel,
    messages.kind,
    messages.status,
    count(*) as messages,
    extract(epoch from report_now() - min(messages.created_at)) as oldest_seconds,
    max(messages.created_at_local) as latest_local,
    max(messages.last_error) as example_error
from v_outbox as messages
where messages.status = 'pending' or messages.created_at > report_now() - interval '24 hours'
group by messages.channel, messages.kind, messages.status
order by messages.status asc, messages.channel asc, messages.kind asc;
