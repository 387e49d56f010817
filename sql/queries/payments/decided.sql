-- The decisions in force on these payments; refunds have none.
-- Grain: one payment that was scored.
select
    payments.trans_num,
    payments.raw_score,
    payments.fraud_probability,
    payments.threshold,
    payments.flagged,
    payments.reasons,
    payments.model_hash,
    payments.scored_by
from unnest(%(trans_nums)s::text[]) as asked (trans_num)
inner join payments_scored as payments on asked.trans_num = payments.trans_num
where payments.raw_score is not null
