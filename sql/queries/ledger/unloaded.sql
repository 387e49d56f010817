-- Landed batches that wait to be loaded, lowest landing sequence first. Imported history is loaded by its import alone;
-- what landed after a day that is being imported now waits for that day.
-- Grain: one batch.
select
    batch_id,
    landing_seq
from landing_queue as waiting
where
    not is_import
    and not exists (
        select 1
        from landing_queue as earlier
        where earlier.is_import and earlier.landing_seq < waiting.landing_seq
    )
order by landing_seq
limit %(at_most)s
