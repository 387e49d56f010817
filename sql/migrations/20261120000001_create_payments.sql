-- The payments and what was decided about each: the current row, and what it replaced.

-- migrate:up

-- What the reports need to know of the team: one row, written by `fraud-scorer migrate` from the settings.
create table report_settings (
    only_row boolean primary key default true check (only_row),
    time_zone text not null default 'UTC',
    label_delay interval not null default '7 days',
    currency char(3) not null default 'USD'
);
insert into report_settings default values;

-- Grain: one payment (trans_num). event_time never changes; the other columns are those of the latest delivery
-- (highest landing_seq) and of the latest decision.
create table payments_scored (
    trans_num text primary key,
    event_time timestamptz not null,
    -- the batch and landing sequence that first brought it, and those of the body stored here
    first_batch_id text not null,
    first_landing_seq bigint not null,
    batch_id text not null,
    landing_seq bigint not null,
    body_hash bytea not null,
    -- the payment
    amount_cents bigint not null,
    currency char(3) not null,
    is_refund boolean not null generated always as (amount_cents < 0) stored,
    card_token text not null,
    card_key_id text not null,
    card_last4 char(4) not null,
    merchant text not null,
    category text,
    city text,
    state text,
    zip text,
    home_lat double precision,
    home_long double precision,
    merch_lat double precision,
    merch_long double precision,
    city_pop integer,
    gender text,
    age_years double precision,
    -- the label as the payload brought it; a label, never a feature; known at event_time + label_delay
    payload_is_fraud boolean,
    -- the decision; all null for a refund, which is stored and not scored
    raw_score double precision,
    fraud_probability double precision check (fraud_probability between 0 and 1),
    threshold double precision,
    flagged boolean not null default false,
    reasons jsonb,
    features real[],
    model_hash text,
    scored_by text check (scored_by in ('local', 'sagemaker', 'local-fallback')),
    scored_at timestamptz
);

-- covers what a day is compared with: a million payments are summed from the index alone
create index payments_scored_event_time on payments_scored (event_time)
include (amount_cents, currency, category, flagged);
create index payments_scored_card on payments_scored (card_token, event_time);
create index payments_scored_flagged on payments_scored (event_time) where flagged;
create index payments_scored_payload_fraud on payments_scored (event_time) where payload_is_fraud;
create index payments_scored_batch on payments_scored (batch_id);

-- the few that a later delivery corrected: history is read as it stood before a given landing
create index payments_scored_corrected on payments_scored (landing_seq) where landing_seq > first_landing_seq;

-- index-only reads need vacuumed pages: after one per cent of new rows, not after the default's twenty
alter table payments_scored set (autovacuum_vacuum_insert_scale_factor = 0.01);

comment on table payments_scored is 'One row a payment: its latest body and its decision in force.';
comment on column payments_scored.amount_cents is 'Minor units of currency; negative is a refund.';
comment on column payments_scored.features is 'What the scorer saw, in the order of the manifest of model_hash.';

-- Grain: one replaced row. Append-only: what payments_scored said before a correction or a rescore.
create table payment_history (
    history_id bigint generated always as identity primary key,
    trans_num text not null,
    replaced_at timestamptz not null default now(),
    replaced_by_seq bigint not null,
    why text not null check (why in ('correction', 'rescore')),
    landing_seq bigint not null,
    was jsonb not null
);
create index payment_history_trans_num on payment_history (trans_num, history_id);

-- Whoever replaces a row, by whatever statement: its predecessor is kept.
create function keep_predecessors() returns trigger
language plpgsql
as $$
begin
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        was.trans_num,
        became.landing_seq,
        case when became.body_hash <> was.body_hash then 'correction' else 'rescore' end,
        was.landing_seq,
        to_jsonb(was)
    from was
    inner join became on was.trans_num = became.trans_num
    where was is distinct from became
    order by was.trans_num;
    return null;
end
$$;

create trigger payments_scored_keep_predecessors
after update on payments_scored
referencing old table as was new table as became
for each statement execute function keep_predecessors();

-- Grain: one statement about one payment. Append-only; chargeback > verdict > payload, the latest of a source wins.
-- The first payload label stays on the payment itself; here stand those that came later.
create table labels (
    label_id bigint generated always as identity primary key,
    trans_num text not null,
    source text not null check (source in ('payload', 'verdict', 'chargeback')),
    verdict text not null check (verdict in ('fraud', 'not_fraud', 'unsure', 'withdrawn')),
    known_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    author text not null,
    note text,
    -- of the delivery that said it; only payload labels have one
    landing_seq bigint
);
create index labels_trans_num on labels (trans_num);
create unique index labels_chargeback_once on labels (trans_num, verdict, known_at) where source = 'chargeback';
create unique index labels_payload_landing on labels (trans_num, landing_seq) where source = 'payload';

-- Grain: one merchant and one day of the report's calendar: what was known of the merchant when the day's first
-- payment landed. Written once, never changed, so that a replay reads what the live run read.
create table merchant_profiles (
    profile_day date not null,
    merchant text not null,
    payments_7d bigint not null,
    payments_30d bigint not null,
    labelled_7d bigint not null,
    labelled_30d bigint not null,
    frauds_7d bigint not null,
    frauds_30d bigint not null,
    primary key (profile_day, merchant)
);

-- migrate:down
drop table merchant_profiles, labels, payment_history, payments_scored, report_settings;
-- squawk-ignore ban-drop-function
drop function keep_predecessors;
