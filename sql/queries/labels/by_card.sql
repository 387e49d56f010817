-- Payments of one day with these amounts, and these last four digits or unknown ones. Grain: asked place, payment.
select
    asked.place,
    payments_scored.trans_num,
    payments_scored.event_time,
    payments_scored.card_last4 <> '' as card_is_known
from
    unnest(%(last4s)s::text[], %(amounts)s::bigint[], %(currencies)s::text[]) with ordinality
        as asked (last4, amount_cents, currency, place)
inner join payments_scored
    on
        asked.amount_cents = payments_scored.amount_cents
        and asked.currency = payments_scored.currency
        and payments_scored.card_last4 in (asked.last4, '')
where
    payments_scored.event_time >= %(day_starts)s
    and payments_scored.event_time < %(day_ends)s
order by asked.place, payments_scored.event_time, payments_scored.trans_num
