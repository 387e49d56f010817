-- Store events beside their payments; one that is known changes nothing, unless it landed before the stored one.
-- Grain: one row, how many events of this batch are new, and how many rows were written.
with
once as (
    select distinct on (trans_num, kind, amount_cents, currency, occurrence) *
    from staged_events
    order by
        trans_num asc, kind asc, amount_cents asc, currency asc, occurrence asc, landing_seq asc, event_time asc,
        delivery asc nulls last
),

written as (
    insert into payment_events as stored (
        trans_num, kind, amount_cents, currency, event_time, occurrence, card_token, card_key_id, card_last4, merchant,
        category, body_hash, batch_id, landing_seq
    )
    select
        once.trans_num,
        once.kind,
        once.amount_cents,
        once.currency,
        once.event_time,
        once.occurrence,
        once.card_token,
        once.card_key_id,
        once.card_last4,
        once.merchant,
        once.category,
        once.body_hash,
        once.batch_id,
        once.landing_seq
    from once
    where
        not exists (
            select 1
            from payment_events as known
            where
                known.trans_num = once.trans_num
                and known.kind = once.kind
                and known.amount_cents = once.amount_cents
                and known.currency = once.currency
                and known.occurrence is not distinct from once.occurrence
                and known.landing_seq <= once.landing_seq
        )
    order by once.trans_num, once.kind, once.amount_cents, once.currency, once.occurrence
    on conflict (trans_num, kind, amount_cents, currency, occurrence) do update
        set
            event_time = excluded.event_time,
            card_token = excluded.card_token,
            card_key_id = excluded.card_key_id,
            card_last4 = excluded.card_last4,
            merchant = excluded.merchant,
            category = excluded.category,
            body_hash = excluded.body_hash,
            batch_id = excluded.batch_id,
            landing_seq = excluded.landing_seq
        where excluded.landing_seq < stored.landing_seq
    returning
        stored.trans_num,
        stored.kind,
        stored.amount_cents,
        stored.currency,
        stored.occurrence,
        stored.xmax = 0 as is_new
)

select
    count(*) as written,
    count(*) filter (where written.is_new and once.delivery = 'event') as events
from written
inner join once
    on
        written.trans_num = once.trans_num
        and written.kind = once.kind
        and written.amount_cents = once.amount_cents
        and written.currency = once.currency
        and written.occurrence is not distinct from once.occurrence
