-- Keep a shadow model's decisions; one that is there already and the same is left alone.
-- :trans_nums, :raw_scores, :probabilities (arrays of one length), :model_hash, :threshold
-- noqa: disable=RF02
insert into shadow_scores (trans_num, model_hash, raw_score, fraud_probability, threshold, flagged)
select
    decided.trans_num,
    %(model_hash)s,
    decided.raw_score,
    decided.fraud_probability,
    %(threshold)s,
    decided.fraud_probability >= %(threshold)s as flagged
from
    unnest(%(trans_nums)s::text[], %(raw_scores)s::double precision[], %(probabilities)s::double precision[])
        as decided (trans_num, raw_score, fraud_probability)
order by decided.trans_num
on conflict (trans_num, model_hash) do update
    set
        raw_score = excluded.raw_score,
        fraud_probability = excluded.fraud_probability,
        threshold = excluded.threshold,
        flagged = excluded.flagged,
        scored_at = now()
    where
    (shadow_scores.raw_score, shadow_scores.fraud_probability, shadow_scores.threshold)
    is distinct from (excluded.raw_score, excluded.fraud_probability, excluded.threshold)
