-- Replace the decisions that were asked for anew, on payments whose stored body is still the one that was scored.
-- Locked in the order of trans_num, as the upsert does. An equal decision is left alone.
-- Grain: one row, what was written.
with
locked as (
    select stored.trans_num
    from payments_scored as stored
    where
        stored.trans_num in (
            select staged.trans_num from staged_payments as staged
            where staged.delivery = 'rescore'
        )
    order by stored.trans_num
    for update
),

written as (
    update payments_scored as stored
    set
        raw_score = staged.raw_score,
        fraud_probability = staged.fraud_probability,
        threshold = staged.threshold,
        flagged = staged.flagged,
        reasons = staged.reasons,
        features = staged.features,
        model_hash = staged.model_hash,
        scored_by = staged.scored_by,
        scored_at = now()
    from locked
    inner join staged_payments as staged on locked.trans_num = staged.trans_num
    where
        stored.trans_num = locked.trans_num
        and staged.landing_seq >= stored.landing_seq
        and staged.body_hash = stored.body_hash
        and (
            staged.raw_score, staged.fraud_probability, staged.threshold, staged.flagged,
            staged.model_hash, staged.scored_by
        ) is distinct from (
            stored.raw_score, stored.fraud_probability, stored.threshold, stored.flagged,
            stored.model_hash, stored.scored_by
        )
    returning
        stored.trans_num,
        stored.flagged
)

select
    0::bigint as inserted,
    count(*) as updated,
    coalesce(array_agg(trans_num) filter (where flagged), '{}') as flagged
from written
