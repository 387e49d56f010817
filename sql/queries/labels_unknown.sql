-- Of these payments, those that are not stored, in the order given. Grain: one payment.
select asked.place
from unnest(:trans_nums::text[]) with ordinality as asked (trans_num, place)
where
    not exists (
        select 1
        from payments_scored
        where payments_scored.trans_num = asked.trans_num
    )
order by asked.place
