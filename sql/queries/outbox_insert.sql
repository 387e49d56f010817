-- Write one message, pending or suppressed; nothing if it stands there already.
insert into outbox (
    message_id, batch_id, kind, channel, recipient, content, status, last_error, next_attempt_at, created_at
)
values (
    :message_id,
    :batch_id,
    :kind,
    :channel,
    :recipient,
    cast(:content as jsonb),
    case when :suppressed = '' then 'pending' else 'suppressed' end,
    nullif(:suppressed, ''),
    coalesce(cast(:now as timestamptz), clock_timestamp()),
    coalesce(cast(:now as timestamptz), clock_timestamp())
)
on conflict (message_id) do nothing
returning message_id
