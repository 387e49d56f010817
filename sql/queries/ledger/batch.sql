-- One batch's line of the ledger, locked until the transaction ends, and whether its turn has come: one that was never
-- loaded waits for all that landed before it, a day that is being imported now included. An imported day after which
-- something landed and is loaded already has missed its turn. Grain: one row, none if it is not known.
select
    line.status,
    line.claim::text as claim,
    line.landed_at,
    line.inserted,
    line.updated,
    line.status <> 'done' and exists (
        select 1
        from landing_queue as earlier
        where earlier.landing_seq < line.landing_seq
    ) as has_to_wait,
    line.status = 'landed' and line.kind = 'history' and not starts_with(line.batch_id, 'history-retry-') and exists (
        select 1
        from run_ledger as later
        where later.status = 'done' and later.landing_seq > line.landing_seq
    ) as is_overtaken
from run_ledger as line
where line.batch_id = %(batch_id)s
for update of line
