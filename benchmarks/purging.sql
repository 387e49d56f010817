-- Two years of payments as a bulk load leaves them: bench.payments of them, evenly spread, a hundredth corrected, a
-- hundredth labelled, a tenth with a shadow score. For an empty, migrated fraud_db alone; indexes and sums are made
-- afterwards (purging.py).
set session_replication_role = replica;
set synchronous_commit = off;

insert into payments_scored (
    trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency,
    card_token, card_key_id, card_last4, merchant, category, payload_is_fraud, raw_score, fraud_probability, threshold,
    flagged, model_hash, scored_by, scored_at
)
select
    md5('payment ' || number),
    timestamptz '2024-01-01T00:00Z' + number * (interval '730 days' / current_setting('bench.payments')::bigint),
    'b' || number / 1000,
    1 + number / 1000,
    'b' || number / 1000,
    1 + number / 1000,
    decode(md5('body ' || number), 'hex'),
    100 + number % 20000,
    'USD',
    md5('card ' || number % 100000) || md5('card ' || number % 100000),
    'k1',
    lpad((number % 10000)::text, 4, '0'),
    'Merchant ' || (number * 7919) % 700,
    'misc',
    number % 200 = 0,
    0.01,
    0.01,
    0.7,
    false,
    'm1',
    'local',
    timestamptz '2024-01-01T00:00Z' + number * (interval '730 days' / current_setting('bench.payments')::bigint)
from generate_series(1, current_setting('bench.payments')::bigint) as number;

insert into payment_history (trans_num, replaced_at, replaced_by_seq, why, landing_seq, was)
select
    trans_num,
    event_time + interval '1 hour',
    landing_seq,
    'correction',
    landing_seq,
    jsonb_build_object('amount_cents', amount_cents)
from payments_scored
where amount_cents % 100 = 7
order by event_time;

insert into labels (trans_num, source, verdict, known_at, recorded_at, author)
select
    trans_num,
    'chargeback',
    'fraud',
    event_time + interval '30 days',
    event_time + interval '30 days',
    'bank'
from payments_scored
where amount_cents % 100 = 11
order by event_time;

insert into shadow_scores (trans_num, model_hash, raw_score, fraud_probability, threshold, flagged, scored_at)
select
    trans_num,
    'm2',
    0.01,
    0.01,
    0.7,
    false,
    scored_at
from payments_scored
where amount_cents % 10 = 3
order by event_time;

set session_replication_role = origin;
