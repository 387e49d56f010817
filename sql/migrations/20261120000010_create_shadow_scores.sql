-- What a second model would have decided about the same payments; it never alerts.

-- migrate:up

-- Grain: one payment and one shadow model: the decision on the payment's latest body.
create table shadow_scores (
    trans_num text not null,
    model_hash text not null,
    raw_score double precision not null,
    fraud_probability double precision not null check (fraud_probability between 0 and 1),
    threshold double precision not null,
    flagged boolean not null,
    scored_at timestamptz not null default now(),
    primary key (trans_num, model_hash)
);

comment on table shadow_scores is 'Decisions of models that score along (SHADOW_ARTIFACTS), beside the live ones.';

-- migrate:down
drop table shadow_scores;
