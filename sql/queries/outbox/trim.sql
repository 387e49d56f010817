-- Leave out of a message that was just written what its recipient was told before.
update outbox
set content = cast(%(content)s as jsonb)
where message_id = %(message_id)s
