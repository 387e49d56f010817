-- Messages of some states with what they tell, latest first. Grain: one message.
with listed as (
    select
        outbox.message_id,
        outbox.batch_id,
        outbox.kind,
        outbox.channel,
        outbox.recipient,
        outbox.status,
        outbox.attempts,
        outbox.last_error,
        outbox.created_at,
        outbox.next_attempt_at,
        outbox.sent_at,
        (
            select count(*)
            from outbox_payments
            where outbox_payments.message_id = outbox.message_id
        ) as payments
    from outbox
    where outbox.status = any(%(statuses)s)
)

select * from listed
order by created_at desc, message_id asc
limit %(at_most)s
