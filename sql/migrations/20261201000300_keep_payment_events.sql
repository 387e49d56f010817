-- What happens to a payment besides its decision: a refund, capture or dispute that comes under its id is kept beside
-- it, and replaces neither its body nor what was decided.
-- squawk-ignore-file prefer-robust-stmts

-- migrate:up

-- Grain: one event of a payment. Append-only: a repeat changes nothing (only one that landed before the first, and was
-- loaded late, makes the row its own). The payment may come later, or never.
create table payment_events (
    event_id bigint generated always as identity primary key,
    trans_num text not null,
    kind text not null check (kind in (
        'purchase', 'authorisation', 'capture', 'refund', 'reversal', 'dispute', 'decline', 'verification'
    )),
    amount_cents bigint not null,
    currency char(3) not null,
    event_time timestamptz not null,
    occurrence timestamptz,
    card_token text not null,
    card_key_id text not null,
    card_last4 char(4) not null,
    merchant text not null,
    category text,
    body_hash bytea not null,
    batch_id text not null,
    landing_seq bigint not null,
    recorded_at timestamptz not null default now(),
    unique nulls not distinct (trans_num, kind, amount_cents, currency, occurrence)
);

comment on table payment_events is
'Refunds, captures, disputes and the like, beside their payments and what was decided of these.';
comment on column payment_events.amount_cents is 'Minor units of currency; negative where money goes back to the card.';
comment on column payment_events.event_time is 'When it happened, as its first landed delivery says.';
comment on column payment_events.occurrence is
'Tells events of one amount apart: the event time; null if the API stamps its answers with its own clock.';

-- of rows of an earlier release: null, and the amount's sign says it
alter table payments_scored add column kind text;
comment on column payments_scored.kind is
'purchase, authorisation, or what stands for them while they are not known: capture, refund, reversal.';

alter table run_ledger add column events integer not null default 0;
comment on column run_ledger.events is 'Refunds, captures, disputes and the like that came for known payments.';

-- What stands for a payment: 0 its purchase or authorisation, 1 a capture, 2 a refund or reversal. The lowest stands.
create function payment_place(kind text, amount_cents bigint) returns integer
language sql immutable parallel safe
as $$ select case when amount_cents < 0 then 2 when kind = 'capture' then 1 else 0 end $$;

-- migrate:down
-- squawk-ignore ban-drop-function
drop function payment_place(text, bigint);
-- squawk-ignore ban-drop-column
alter table run_ledger drop column events;
-- squawk-ignore ban-drop-column
alter table payments_scored drop column kind;
-- squawk-ignore ban-drop-table
drop table payment_events;
