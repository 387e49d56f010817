-- A verdict's author is a claim that the dashboard signs (HMAC-SHA256): who holds its role's password alone can sign
-- nothing. The key stands here for its owner only, as the two blocks that HMAC begins with (RFC 2104).
-- migrate:up
create table desk_key (
    only_row boolean primary key default true check (only_row),
    inner_pad bytea not null check (length(inner_pad) = 64),
    outer_pad bytea not null check (length(outer_pad) = 64)
);
comment on table desk_key is 'What checks the dashboard''s signatures; written by migrate, read by no role.';

-- Claims of the last minutes: each counts once, and so many a minute.
create table desk_claims (
    signature bytea primary key,
    author text not null,
    made_at timestamptz not null default clock_timestamp(),
    made_in xid8 not null default pg_current_xact_id()
);
create index desk_claims_made_at on desk_claims (made_at);

-- migrate:down
-- squawk-ignore ban-drop-table
drop table desk_claims;
-- squawk-ignore ban-drop-table
drop table desk_key;
