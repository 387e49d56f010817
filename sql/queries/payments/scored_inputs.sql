-- What the scorer saw of a batch's payments, for one model, in order of trans_num. Grain: one scored payment.
-- :batch_id, :model_hash
select features
from payments_scored
where batch_id = %(batch_id)s and model_hash = %(model_hash)s and features is not null
order by trans_num
