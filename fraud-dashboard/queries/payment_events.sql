-- What happened to a payment besides its decision, the earliest first. Grain: one event.
select
    kind,
    amount,
    currency,
    event_time_local,
    batch_id
from v_payment_events
where trans_num = %(trans_num)s
order by event_time, event_id
limit 200;
