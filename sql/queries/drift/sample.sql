-- What the scorer saw of a day's payments, for one model: all of them, or every :stride-th by a hash of its id.
-- :starts_at, :ends_at, :model_hash, :stride. Grain: one payment. Features as text, an empty cell for missing.
select
    array_to_string(payments.features, ',', '') as features,
    payments.category,
    payments.fraud_probability
from payments_scored as payments
where
    payments.event_time >= %(starts_at)s
    and payments.event_time < %(ends_at)s
    and payments.model_hash = %(model_hash)s
    and payments.features is not null
    and (%(stride)s = 1 or mod(('x' || left(md5(payments.trans_num), 7))::bit(28)::integer, %(stride)s) = 0)
