-- Take back a message that was just written and tells its recipient nothing new.
delete from outbox
where message_id = %(message_id)s
