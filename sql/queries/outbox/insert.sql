-- Write one message, pending or suppressed; nothing if it stands there already.
insert into outbox (
    message_id, batch_id, kind, channel, recipient, content, status, last_error, next_attempt_at, created_at
)
values (
    %(message_id)s,
    %(batch_id)s,
    %(kind)s,
    %(channel)s,
    %(recipient)s,
    cast(%(content)s as jsonb),
    case when %(suppressed)s = '' then 'pending' else 'suppressed' end,
    nullif(%(suppressed)s, ''),
    coalesce(cast(%(now)s as timestamptz), clock_timestamp()),
    coalesce(cast(%(now)s as timestamptz), clock_timestamp())
)
on conflict (message_id) do nothing
returning message_id
