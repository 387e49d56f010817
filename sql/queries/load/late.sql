-- Deliveries that had landed before the first one that is stored, loaded after it: the payment's time, origin and first
-- label are theirs, as if they had been loaded first; body and decision stay. What the delivery said stands in the
-- history (unless it said the same and was never corrected: then it is the stored one), and the label that was the
-- first until now among the later ones, where it says another thing.
-- Grain: one row, what was written.
with
locked as (
    select stored.*
    from payments_scored as stored
    where stored.trans_num in (select staged.trans_num from staged_payments as staged)
    order by stored.trans_num
    for update
),

earlier as (
    select
        staged.*,
        locked.first_landing_seq as was_first_seq,
        locked.payload_is_fraud as was_fraud,
        locked.event_time as was_event_time,
        locked.body_hash = staged.body_hash as is_same_body,
        locked.body_hash = staged.body_hash and locked.landing_seq = locked.first_landing_seq as is_the_stored_one
    from staged_payments as staged
    inner join locked on staged.trans_num = locked.trans_num
    where
        staged.landing_seq < locked.first_landing_seq
        and payment_place(staged.kind, staged.amount_cents) = payment_place(locked.kind, locked.amount_cents)
),

moved as (
    update payments_scored as stored
    set
        event_time = earlier.event_time,
        first_batch_id = earlier.first_batch_id,
        first_landing_seq = earlier.first_landing_seq,
        payload_is_fraud = earlier.payload_is_fraud,
        batch_id = case when earlier.is_the_stored_one then earlier.batch_id else stored.batch_id end,
        landing_seq = case when earlier.is_the_stored_one then earlier.landing_seq else stored.landing_seq end,
        age_years = case
            when earlier.is_same_body then earlier.age_years
            else
                stored.age_years
                + extract(epoch from earlier.event_time - earlier.was_event_time)::double precision / 86400 / 365.2425
        end
    from earlier
    where stored.trans_num = earlier.trans_num
    returning stored.trans_num
),

kept as (
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        earlier.trans_num,
        earlier.was_first_seq as replaced_by_seq,
        'late load' as why,
        earlier.landing_seq,
        to_jsonb(earlier)
        - array[
            'delivery', 'occurrence', 'was_first_seq', 'was_fraud', 'was_event_time', 'is_same_body',
            'is_the_stored_one'
        ]
        || jsonb_build_object('is_refund', earlier.amount_cents < 0, 'flagged', false) as was
    from earlier
    where not earlier.is_the_stored_one
    order by earlier.trans_num
),

said as (
    insert into labels (trans_num, source, verdict, known_at, author, landing_seq)
    select
        earlier.trans_num,
        'payload' as source,
        case when earlier.was_fraud then 'fraud' else 'not_fraud' end as verdict,
        greatest(ledger.landed_at, earlier.event_time + settings.label_delay) as known_at,
        'payload' as author,
        earlier.was_first_seq as landing_seq
    from earlier
    inner join run_ledger as ledger on earlier.was_first_seq = ledger.landing_seq
    cross join report_settings as settings
    where earlier.was_fraud is not null and earlier.was_fraud is distinct from earlier.payload_is_fraud
    order by earlier.trans_num
    on conflict do nothing
),

retimed as (
    update labels
    set known_at = greatest(ledger.landed_at, earlier.event_time + settings.label_delay)
    from earlier
    cross join report_settings as settings
    cross join run_ledger as ledger
    where labels.trans_num = earlier.trans_num and labels.source = 'payload' and labels.landing_seq = ledger.landing_seq
)

select
    0::bigint as inserted,
    count(*) as updated,
    '{}'::text[] as flagged
from moved
