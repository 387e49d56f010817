-- Of these payments, those that are stored, and when they happened. Grain: one payment.
select
    payments_scored.trans_num,
    payments_scored.event_time
from payments_scored
inner join unnest(%(trans_nums)s::text[]) as asked (trans_num) on payments_scored.trans_num = asked.trans_num
