-- What happened to a payment besides its decision: captures, refunds, reversals, disputes, and the like.
-- Grain: one event. The payment may not be stored (yet). Amounts are above zero: the kind says which way they go.
create or replace view v_payment_events as
select
    events.event_id,
    events.trans_num,
    events.kind,
    abs(amount_major(events.amount_cents, events.currency)) as amount,
    events.currency,
    events.event_time,
    events.event_time at time zone (select report_time_zone()) as event_time_local,
    events.card_last4,
    events.merchant,
    events.batch_id,
    events.recorded_at
from payment_events as events;

-- The same, added up. Grain: one payment, kind of event and currency.
create or replace view v_payment_event_sums as
select
    events.trans_num,
    events.kind,
    events.currency,
    count(*) as events,
    abs(sum(events.amount_cents)) as amount_cents,
    abs(amount_major(sum(events.amount_cents), events.currency)) as amount,
    min(events.event_time) as first_time
from payment_events as events
group by events.trans_num, events.kind, events.currency;

-- The sums of a payment's events as one list, the earliest first: [{"kind", "currency", "amount_cents", "amount"}].
create or replace function payment_event_list(of_trans_num text) returns jsonb
language sql stable parallel safe
as $$
    select coalesce(jsonb_agg(
        jsonb_build_object('kind', kind, 'currency', currency, 'amount_cents', amount_cents, 'amount', amount)
        order by first_time, kind, currency
    ), '[]')
    from v_payment_event_sums
    where trans_num = of_trans_num
$$;
