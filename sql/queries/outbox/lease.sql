-- Lease the due messages of some channels, longest due first: nobody else gets them until the lease ends.
-- A leased message is next due when its lease ends, so one that kills its sender queues behind the others.
-- Grain: one message.
with due as (
    select message_id
    from outbox
    where
        status = 'pending'
        and channel = any(%(channels)s)
        and next_attempt_at <= coalesce(cast(%(now)s as timestamptz), clock_timestamp())
        and (leased_until is null or leased_until <= coalesce(cast(%(now)s as timestamptz), clock_timestamp()))
    order by next_attempt_at, created_at, message_id
    limit %(at_most)s
    for update skip locked
),

leased as (
    update outbox
    set
        lease = cast(%(lease)s as uuid),
        leased_until = coalesce(cast(%(now)s as timestamptz), clock_timestamp()) + make_interval(secs => %(seconds)s),
        next_attempt_at
        = coalesce(cast(%(now)s as timestamptz), clock_timestamp()) + make_interval(secs => %(seconds)s),
        attempts = outbox.attempts + 1
    from due
    where outbox.message_id = due.message_id
    returning
        outbox.message_id,
        outbox.kind,
        outbox.channel,
        outbox.recipient,
        outbox.content,
        outbox.batch_id,
        outbox.created_at
),

with_payments as (
    select
        leased.message_id,
        leased.kind,
        leased.channel,
        leased.recipient,
        leased.content,
        leased.batch_id,
        leased.created_at,
        array(
            select outbox_payments.trans_num
            from outbox_payments
            where outbox_payments.message_id = leased.message_id
            order by outbox_payments.trans_num
        ) as trans_nums
    from leased
)

select * from with_payments
order by created_at, message_id
