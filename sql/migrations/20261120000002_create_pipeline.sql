-- What the pipeline knows of itself: the run ledger, the landing index, quarantine, outbox and circuit breaker.

-- migrate:up

-- Grain: one batch (a minute's landing, or a day of imported history).
create table run_ledger (
    batch_id text primary key,
    kind text not null check (kind in ('minute', 'history')),
    minute timestamptz,
    status text not null check (status in ('landed', 'done', 'failed', 'missed')),
    landing_seq bigint unique,
    -- the fencing token of the run that works on it now
    claim uuid,
    attempts integer not null default 0,
    landed_at timestamptz,
    loaded_at timestamptz,
    -- from the end of the minute to the commit of its rows
    lag_seconds double precision,
    -- work on this batch alone: transform, score and load
    seconds double precision,
    received integer not null default 0,
    valid integer not null default 0,
    quarantined integer not null default 0,
    inserted integer not null default 0,
    updated integer not null default 0,
    unchanged integer not null default 0,
    flagged integer not null default 0,
    alerted integer not null default 0,
    scored_by text,
    fallback_reason text,
    -- the production variant that the endpoint says has answered
    invoked_variant text,
    threshold double precision,
    model_hash text,
    error text,
    check ((kind = 'minute') = (minute is not null))
);
create index run_ledger_minute on run_ledger (minute desc);
create index run_ledger_unloaded on run_ledger (landing_seq) where status = 'landed';

-- Grain: one landed answer (part) of a batch. Can be rebuilt from the landing folder.
create table landing_index (
    batch_id text not null references run_ledger,
    part integer not null,
    path text not null,
    sha256 text not null,
    byte_count bigint not null,
    http_status integer not null,
    received_at timestamptz not null,
    primary key (batch_id, part)
);

-- Grain: one record (or a whole answer: row_index is null) that could not become a payment. The record is encrypted.
create table quarantine (
    quarantine_id bigint generated always as identity primary key,
    batch_id text not null references run_ledger,
    part integer not null,
    row_index integer,
    reason text not null,
    detail text not null,
    record bytea not null,
    status text not null default 'open' check (status in ('open', 'retried', 'dropped')),
    created_at timestamptz not null default now(),
    unique nulls not distinct (batch_id, part, row_index)
);

-- Grain: one message to one recipient, frozen when made: retried unchanged, under one Message-ID.
create table outbox (
    message_id text primary key,
    batch_id text references run_ledger,
    kind text not null check (kind in ('alert', 'operator', 'daily')),
    channel text not null check (channel in ('email', 'slack')),
    recipient text not null,
    content jsonb not null,
    status text not null default 'pending' check (status in ('pending', 'sent', 'failed', 'suppressed')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    lease uuid,
    leased_until timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz
);
create index outbox_waiting on outbox (next_attempt_at) where status = 'pending';
create index outbox_batch on outbox (batch_id);

-- Grain: a payment mailed (or suppressed) to one recipient by one channel: at most once.
create table outbox_payments (
    channel text not null,
    recipient text not null,
    trans_num text not null,
    message_id text not null references outbox,
    primary key (channel, recipient, trans_num)
);
create index outbox_payments_message on outbox_payments (message_id);
create index outbox_payments_trans_num on outbox_payments (trans_num);

-- Grain: a card or merchant that is not mailed until a time; still scored, still flagged.
create table snoozes (
    snooze_id bigint generated always as identity primary key,
    subject text not null check (subject in ('card', 'merchant')),
    value text not null,
    until timestamptz not null,
    author text not null,
    note text,
    created_at timestamptz not null default now()
);
create index snoozes_value on snoozes (subject, value, until);

-- Grain: an endpoint. After enough failed minutes in a row it is asked only now and then.
create table circuit_breaker (
    endpoint text primary key,
    failed_runs integer not null default 0,
    open_until timestamptz,
    last_error text,
    changed_at timestamptz not null default now()
);

-- migrate:down
drop table circuit_breaker, snoozes, outbox_payments, outbox, quarantine, landing_index, run_ledger;
