-- Of some payments, those that a recipient was not told of yet. Grain: one payment.
select asked.trans_num
from unnest(cast(%(trans_nums)s as text[])) as asked (trans_num)
where
    not exists (
        select 1
        from outbox_payments
        where
            outbox_payments.channel = %(channel)s
            and outbox_payments.recipient = %(recipient)s
            and outbox_payments.trans_num = asked.trans_num
    )
