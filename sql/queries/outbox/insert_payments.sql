-- Note which payments a message tells its recipient of; returns those the recipient was not told of before.
-- Grain: one payment.
insert into outbox_payments (channel, recipient, trans_num, message_id)
select
    %(channel)s,
    %(recipient)s,
    told.trans_num,
    %(message_id)s
from unnest(cast(%(trans_nums)s as text[])) as told (trans_num)
order by told.trans_num
on conflict (channel, recipient, trans_num) do nothing
returning trans_num
