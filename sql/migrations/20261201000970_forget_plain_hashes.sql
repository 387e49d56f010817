-- migrate:up
-- Of answers that landed before marks were keyed: the plain hash of a single payment gives its card number away to
-- whoever tries all of them. Nothing reads the column: a part is proved by what stands beside its bytes.
update landing_index
set sha256 = ''
where sha256 <> '';

comment on column landing_index.sha256 is
'HMAC-SHA256 of the landed body under a landing key; empty of what landed before marks were keyed';

-- migrate:down
comment on column landing_index.sha256 is null;
