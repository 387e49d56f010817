-- What is stored of these payments, as far as telling new from known needs it.
-- Grain: one payment; unknown ones have no row.
select
    payments.trans_num,
    payments.event_time,
    payments.landing_seq,
    payments.first_landing_seq,
    encode(payments.body_hash, 'hex') as body_hash,
    case
        when payments.is_refund and coalesce(payments.kind, '') <> 'reversal' then 'refund'
        else coalesce(payments.kind, 'purchase')
    end as kind
from unnest(%(trans_nums)s::text[]) as asked (trans_num)
inner join payments_scored as payments on asked.trans_num = payments.trans_num
