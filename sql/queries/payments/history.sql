-- What features need of the earlier payments of some cards: first landed before a landing sequence number, and as they
-- stood just before it. Refunds are left out. The card is named by its place (from 1) in the list that was asked for.
-- Grain: one payment.
-- noqa: disable=RF02
with
asked as (
    select
        card_token,
        place
    from unnest(%(card_tokens)s::text[]) with ordinality as cards (card_token, place)
),

standing as (
    select
        asked.place,
        payments.trans_num,
        payments.event_time,
        payments.first_landing_seq,
        payments.merchant,
        payments.category,
        payments.amount_cents,
        payments.currency,
        payments.merch_lat,
        payments.merch_long
    from asked
    inner join payments_scored as payments on asked.card_token = payments.card_token
    where
        payments.event_time >= %(since)s
        and payments.event_time < %(until)s
        and payments.landing_seq < %(before_seq)s
        and not payments.is_refund
),

-- corrected by a later landing: the body that this correction replaced
corrected_since as (
    select
        payments.trans_num,
        payments.event_time,
        payments.first_landing_seq,
        earlier.was
    from payments_scored as payments
    cross join
        lateral (
            select predecessors.was
            from payment_history as predecessors
            where
                predecessors.trans_num = payments.trans_num
                and predecessors.landing_seq < %(before_seq)s
                -- no refund or capture that stood for the payment before it came itself: see arrived_since
                and payment_place(predecessors.was ->> 'kind', (predecessors.was ->> 'amount_cents')::bigint)
                <= payment_place(payments.kind, payments.amount_cents)
            order by predecessors.landing_seq desc
            limit 1
        ) as earlier
    where
        payments.landing_seq > payments.first_landing_seq
        and payments.landing_seq >= %(before_seq)s
        and payments.first_landing_seq < %(before_seq)s
        and payments.event_time >= %(since)s
        and payments.event_time < %(until)s
),

-- landed itself only later: the capture that stood for it, under its own time and landing
arrived_since as (
    select distinct on (predecessors.trans_num)
        predecessors.trans_num,
        (predecessors.was ->> 'event_time')::timestamptz as event_time,
        (predecessors.was ->> 'first_landing_seq')::bigint as first_landing_seq,
        predecessors.was
    from payment_history as predecessors
    inner join payments_scored as payments on predecessors.trans_num = payments.trans_num
    where
        predecessors.was ->> 'kind' = 'capture'
        and predecessors.replaced_by_seq >= %(before_seq)s
        and predecessors.landing_seq < %(before_seq)s
        and payments.first_landing_seq >= %(before_seq)s
        and payment_place(payments.kind, payments.amount_cents) = 0
    order by predecessors.trans_num asc, predecessors.landing_seq desc, predecessors.history_id desc
),

replaced_since as (
    select * from corrected_since
    union all
    select * from arrived_since
    where
        event_time >= %(since)s
        and event_time < %(until)s
),

as_it_stood as (
    select
        asked.place,
        replaced_since.trans_num,
        replaced_since.event_time,
        replaced_since.first_landing_seq,
        replaced_since.was ->> 'merchant' as merchant,
        replaced_since.was ->> 'category' as category,
        (replaced_since.was ->> 'amount_cents')::bigint as amount_cents,
        replaced_since.was ->> 'currency' as currency,
        (replaced_since.was ->> 'merch_lat')::double precision as merch_lat,
        (replaced_since.was ->> 'merch_long')::double precision as merch_long
    from replaced_since
    inner join asked on asked.card_token = replaced_since.was ->> 'card_token'
    where not (replaced_since.was ->> 'is_refund')::boolean
),

visible as (
    select * from standing
    union all
    select * from as_it_stood
)

select
    trans_num,
    (extract(epoch from event_time) * 1000000)::bigint as event_time,
    first_landing_seq as landing_seq,
    place,
    merchant,
    category,
    amount_cents,
    currency,
    merch_lat,
    merch_long
from visible
