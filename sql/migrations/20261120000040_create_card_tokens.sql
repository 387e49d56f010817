-- Which tokens name the same card: noted when a card is seen after its key was rotated, for training on the store.

-- migrate:up
-- Grain: one token that an older key made. Chains are possible (a key rotated twice): all tokens of one are one card.
create table card_tokens (
    earlier_token text primary key,
    token text not null,
    noted_at timestamptz not null default now()
);

comment on table card_tokens is 'Tokens that an older card key made, and the same card''s token under a newer one.';

-- migrate:down
drop table card_tokens;
