-- A fraud_db as a year of minutes leaves it, with one very full day: yesterday has bench.payments payments, each of the
-- 30 days before it a fiftieth of them. Always the same but for the date. For an empty, migrated fraud_db alone:
--   set bench.payments = 1000000; set bench.features = 'amount,hour,...'; \i benchmarks/pages.sql
select setseed(0.2);

-- a year of minutes, the last one just over
insert into run_ledger (
    batch_id, kind, minute, status, landing_seq, attempts, landed_at, loaded_at, lag_seconds, seconds, received, valid,
    quarantined, inserted, flagged, alerted, scored_by, threshold, model_hash, error
)
select
    to_char(minutes.at, 'YYYY-MM-DD"T"HH24:MI"Z"'),
    'minute',
    minutes.at,
    case when minutes.number % 5000 = 7 then 'missed' when minutes.number % 20000 = 9 then 'failed' else 'done' end,
    case when minutes.number % 5000 <> 7 then minutes.number end,
    1,
    minutes.at + interval '62 seconds',
    case when minutes.number % 5000 <> 7 and minutes.number % 20000 <> 9 then minutes.at + interval '65 seconds' end,
    5,
    2.5,
    20,
    20,
    0,
    20,
    0,
    0,
    case when minutes.number % 300 = 4 then 'local-fallback' else 'local' end,
    0.7,
    'b0a1c2d3',
    case when minutes.number % 20000 = 9 then 'its answer cannot be read' end
from (
    select
        minute.at,
        extract(epoch from minute.at)::bigint / 60 as number
    from generate_series(
        date_trunc('minute', now()) - interval '365 days', date_trunc('minute', now()) - interval '2 minutes',
        interval '1 minute'
    ) as minute (at)
) as minutes;

insert into payments_scored (
    trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency,
    card_token, card_key_id, card_last4, merchant, category, city, state, home_lat, home_long, merch_lat, merch_long,
    city_pop, age_years, payload_is_fraud, raw_score, fraud_probability, threshold, flagged, reasons, features,
    model_hash, scored_by, scored_at
)
select
    md5('payment ' || drawn.ago || ' ' || drawn.number),
    drawn.event_time,
    to_char(drawn.event_time, 'YYYY-MM-DD"T"HH24:MI"Z"'),
    extract(epoch from drawn.event_time)::bigint / 60,
    to_char(drawn.event_time, 'YYYY-MM-DD"T"HH24:MI"Z"'),
    extract(epoch from drawn.event_time)::bigint / 60,
    decode(md5('body ' || drawn.ago || ' ' || drawn.number), 'hex'),
    case when drawn.number % 200 = 3 then -1 else 1 end * (100 + 20000 * power(random(), 3))::bigint,
    'USD',
    md5('card ' || drawn.card) || md5('card ' || drawn.card),
    'k1',
    lpad((drawn.card % 10000)::text, 4, '0'),
    'Merchant ' || drawn.number * 7 % 900,
    (array[
        'grocery_pos', 'grocery_net', 'gas_transport', 'home', 'kids_pets', 'shopping_net', 'shopping_pos', 'food_dining',
        'entertainment', 'personal_care', 'health_fitness', 'misc_pos', 'misc_net', 'travel'
    ])[1 + drawn.number % 14],
    'Town ' || drawn.card % 500,
    (array['TX', 'CA', 'NY', 'FL', 'OH'])[1 + drawn.card % 5],
    30 + drawn.card % 15,
    -118 + drawn.card % 45,
    30 + drawn.card % 15 + random(),
    -118 + drawn.card % 45 + random(),
    1000 + drawn.card,
    20 + drawn.card % 60,
    case when drawn.is_flagged then random() < 0.8 else random() < 0.0005 end,
    case when drawn.is_flagged then 0.75 + 0.25 * random() else 0.6 * power(random(), 12) end,
    case when drawn.is_flagged then 0.75 + 0.25 * random() else 0.6 * power(random(), 12) end,
    0.7,
    drawn.is_flagged,
    case
        when drawn.is_flagged then jsonb_build_array(
            jsonb_build_object('code', 'amount_ratio', 'text', 'Amount is 12 times this card''s usual', 'value', 800),
            jsonb_build_object('code', 'night', 'text', 'At 3 in the night', 'value', 3)
        )
    end,
    array_fill(random()::real, array[cardinality(string_to_array(current_setting('bench.features'), ','))]),
    'b0a1c2d3',
    'local',
    drawn.event_time + interval '65 seconds'
from (
    select
        ago.ago,
        made.number,
        -- a number of its own for each card, some cards busier than others
        (power(random(), 2) * 20000)::integer as card,
        made.number % 300 = 11 as is_flagged,
        date_trunc('day', now()) - ago.ago * interval '1 day' + made.number * interval '1 day' / in_day.payments
            as event_time
    from generate_series(31, 1, -1) as ago (ago)
    cross join
        lateral (
            select
                current_setting('bench.payments')::integer / case when ago.ago = 1 then 1 else 50 end as payments
        ) as in_day
    cross join lateral generate_series(0, in_day.payments - 1) as made (number)
    order by ago.ago desc, made.number
) as drawn;

-- reviewers decided on a third of what was flagged and on a random sample of the rest, banks on every fortieth payment
-- of the days before yesterday; in the order of saying
insert into labels (trans_num, source, verdict, known_at, author, note)
select
    said.trans_num,
    said.source,
    said.verdict,
    least(said.known_at, now()),
    'ana',
    said.note
from (
    select
        flagged.trans_num,
        'verdict' as source,
        case when random() < 0.7 then 'fraud' when random() < 0.8 then 'not_fraud' else 'unsure' end as verdict,
        flagged.event_time + interval '1 day' as known_at,
        null as note
    from payments_scored as flagged
    where flagged.flagged and left(flagged.trans_num, 1) in ('0', '3', '6', '9', 'c')
    union all
    select
        disputed.trans_num,
        'chargeback',
        'fraud',
        disputed.event_time + interval '10 days',
        null
    from payments_scored as disputed
    where
        disputed.event_time < now() - interval '10 days'
        and left(disputed.trans_num, 2) in ('07', '1a', '2b', '3c', '4d', '5e')
    union all
    select
        sampled.trans_num,
        'verdict',
        'not_fraud',
        sampled.event_time + interval '1 day',
        'random sample'
    from payments_scored as sampled
    where not sampled.flagged and left(sampled.trans_num, 4) in ('0000', '1111', '2222')
) as said
order by least(said.known_at, now()), said.trans_num;

-- what messages said is forgotten after a month; every tenth minute had an alert
insert into outbox (message_id, batch_id, kind, channel, recipient, content, status, last_error, created_at, sent_at)
select
    'alert ' || ledger.batch_id,
    ledger.batch_id,
    'alert',
    'email',
    'fraud@example.org',
    case
        when ledger.minute < now() - interval '30 days' then '{}'::jsonb
        else jsonb_build_object('html', (select string_agg(md5(ledger.batch_id || part), '') from generate_series(1, 60) as part))
    end,
    case
        when ledger.landing_seq % 500 = 0 then 'suppressed'
        when ledger.landing_seq % 90000 = 20 then 'failed'
        else 'sent'
    end,
    case when ledger.landing_seq % 500 = 0 then 'too_old' when ledger.landing_seq % 90000 = 20 then '550 no such user' end,
    ledger.loaded_at,
    ledger.loaded_at
from run_ledger as ledger
where ledger.status = 'done' and ledger.landing_seq % 10 = 0;

insert into outbox_payments (channel, recipient, trans_num, message_id)
select
    'email',
    'fraud@example.org',
    payments.trans_num,
    messages.message_id
from payments_scored as payments
inner join outbox as messages
    on messages.message_id = 'alert ' || to_char(
        date_bin('10 minutes', payments.event_time, timestamptz '2000-01-01T00:00Z'), 'YYYY-MM-DD"T"HH24:MI"Z"'
    )
where payments.flagged;

-- five refused records an hour; those of the last ten days wait for somebody
insert into quarantine (batch_id, part, row_index, reason, detail, record, status, created_at)
select
    ledger.batch_id,
    0,
    row_index,
    (array['amount', 'event_time', 'card'])[1 + row_index % 3],
    'amount: not a number',
    '',
    case when ledger.minute > now() - interval '10 days' then 'open' else 'dropped' end,
    ledger.loaded_at
from run_ledger as ledger
cross join generate_series(1, 5) as row_index
where ledger.status = 'done' and ledger.landing_seq % 60 = 0;

insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
select
    payments.trans_num,
    payments.landing_seq + 1,
    'rescore',
    payments.landing_seq,
    to_jsonb(payments)
from payments_scored as payments
where left(payments.trans_num, 3) = 'abc';

insert into snoozes (subject, value, until, author)
select
    'merchant',
    'Merchant ' || number,
    now() + interval '1 day',
    'ana'
from generate_series(1, 20) as number;

insert into shadow_scores (trans_num, model_hash, raw_score, fraud_probability, threshold, flagged)
select
    payments.trans_num,
    'e4f5a6b7',
    payments.raw_score,
    payments.fraud_probability,
    0.8,
    payments.fraud_probability >= 0.8
from payments_scored as payments
where
    payments.event_time >= date_trunc('day', now()) - interval '7 days'
    and payments.event_time < date_trunc('day', now()) - interval '1 day';

insert into drift_days (day, model_hash, payments, compared, whole_day, reference)
select
    current_date - ago,
    'b0a1c2d3',
    20000,
    20000,
    true,
    '{"rows": "train", "payments": 1000000, "from": "2026-01-01", "until": "2026-03-01"}'::jsonb
from generate_series(1, 31) as ago;

insert into feature_drift (
    day, model_hash, feature, feature_group, psi, missing_share, bins, reference_shares, day_shares
)
select
    days.day,
    days.model_hash,
    features.feature,
    case when features.feature = 'fraud_probability' then 'score' else 'payment' end,
    0.3 * power(random(), 4),
    0.01,
    array['below 1', '1 to 2', '2 to 3', '3 to 4', 'missing'],
    array[0.25, 0.25, 0.25, 0.24, 0.01]::real[],
    array[0.2, 0.3, 0.25, 0.24, 0.01]::real[]
from drift_days as days
cross join unnest(string_to_array(current_setting('bench.features') || ',fraud_probability', ',')) as features (feature);

insert into circuit_breaker (endpoint, failed_runs) values ('fraud-endpoint', 0);
