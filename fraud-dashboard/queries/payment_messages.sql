-- Which messages tell of a payment. Grain: one message.
select
    channel,
    recipient,
    kind,
    status,
    sent_at_local
from v_payment_messages
where trans_num = %(trans_num)s
order by created_at;
