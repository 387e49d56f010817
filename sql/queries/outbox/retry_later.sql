-- Give a message back: due again after 15 s, 30 s, 60 s, … of backoff, at most 90 s while it is younger than two
-- hours (an outage must not outlive itself by much) and 15 min after that, times a jitter between 0.5 and 1.
update outbox
set
    lease = null,
    leased_until = null,
    last_error = %(error)s,
    next_attempt_at = coalesce(cast(%(now)s as timestamptz), clock_timestamp()) + make_interval(
        secs => %(jitter)s * least(
            15 * power(2, least(greatest(attempts - 1, 0), 10)),
            case
                when created_at > coalesce(cast(%(now)s as timestamptz), clock_timestamp()) - interval '2 hours' then 90
                else 900
            end
        )
    )
where
    message_id = %(message_id)s
    and lease = cast(%(lease)s as uuid)
    and status = 'pending'
