-- How far each day's payments lie from those that the model was measured on: population stability index by feature.

-- migrate:up

-- Grain: one day of the report's calendar and one model that decided about its payments.
create table drift_days (
    day date not null,
    model_hash text not null,
    -- scored payments of the day (refunds have no score), whichever model decided
    payments bigint not null,
    -- of them, those this model decided and that were compared: all, or a sample of a big day
    compared bigint not null,
    -- false: the day as far as it had come
    whole_day boolean not null,
    -- of the reference: which rows, how many payments, from and until when; null: the model has none
    reference jsonb,
    computed_at timestamptz not null default now(),
    primary key (day, model_hash)
);

-- Grain: one day, model and declared feature (or fraud_probability, the score). Missing values are the last bin.
create table feature_drift (
    day date not null,
    model_hash text not null,
    feature text not null,
    -- whose past it needs: payment (none), card, merchant; score
    feature_group text not null check (feature_group in ('payment', 'card', 'merchant', 'score')),
    psi double precision not null,
    missing_share double precision not null check (missing_share between 0 and 1),
    bins text[] not null,
    reference_shares real[] not null,
    day_shares real[] not null,
    primary key (day, model_hash, feature),
    foreign key (day, model_hash) references drift_days on delete cascade,
    check (cardinality(bins) = cardinality(reference_shares)),
    check (cardinality(bins) = cardinality(day_shares))
);

comment on table feature_drift is 'Population stability index of a day''s payments against the model''s reference.';

-- migrate:down
drop table feature_drift, drift_days;
