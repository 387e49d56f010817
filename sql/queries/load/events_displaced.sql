-- What stands for a payment and was never corrected is no event so far. It becomes one when the payment itself comes,
-- or another of its own place. Call it before the payments are written.
with
deliveries as (
    select
        trans_num,
        payment_place(kind, amount_cents) as place,
        occurrence
    from staged_payments
    union all
    select
        trans_num,
        payment_place(kind, amount_cents) as place,
        occurrence
    from staged_events
    where kind in ('capture', 'refund', 'reversal')
),

coming as (
    select
        trans_num,
        min(place) as place,
        bool_and(occurrence is not null) as has_own_time
    from deliveries
    group by trans_num
)

insert into staged_events (
    trans_num, kind, amount_cents, currency, event_time, occurrence, card_token, card_key_id, card_last4, merchant,
    category, body_hash, batch_id, landing_seq
)
select
    stored.trans_num,
    case when stored.amount_cents < 0 then coalesce(stored.kind, 'refund') else stored.kind end as kind,
    stored.amount_cents,
    stored.currency,
    stored.event_time,
    case when coming.has_own_time then stored.event_time end as occurrence,
    stored.card_token,
    stored.card_key_id,
    stored.card_last4,
    stored.merchant,
    stored.category,
    stored.body_hash,
    stored.batch_id,
    stored.landing_seq
from payments_scored as stored
inner join coming on stored.trans_num = coming.trans_num
where
    payment_place(stored.kind, stored.amount_cents) >= coming.place
    and payment_place(stored.kind, stored.amount_cents) > 0
    and stored.landing_seq = stored.first_landing_seq
